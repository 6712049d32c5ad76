import { buildDeeperCnn } from '../../lib/networks/deeperCnn';
import { itIsLikeKeras } from './besideKeras';

itIsLikeKeras('deeperCnn', buildDeeperCnn);
