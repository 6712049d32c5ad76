import { buildBaseline } from '../../lib/networks/baseline';
import { itIsLikeKeras } from './besideKeras';

itIsLikeKeras('baseline', buildBaseline);
