import { buildSimpleCnn } from '../../lib/networks/simpleCnn';
import { itIsLikeKeras } from './besideKeras';

itIsLikeKeras('simpleCnn', buildSimpleCnn);
