import { buildFastCnn } from '../../lib/networks/fastCnn';
import { itIsLikeKeras } from './besideKeras';

itIsLikeKeras('fastCnn', buildFastCnn);
