import { fileURLToPath } from 'node:url';

/** The checkout's root. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Everything the local stack fetches, builds or stores lies in here. */
export const CACHE = `${ROOT}/.cache`;
