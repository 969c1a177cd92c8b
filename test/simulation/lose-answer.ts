/** Makes a socket's next answer never arrive, as when a connection breaks between deed and answer. */
import type { Socket } from 'node:net';

export type Losing = { isLosing: boolean };

export function loseAnswers<S extends Socket>(socket: S, losing: Losing): S {
  const emit = socket.emit.bind(socket);
  socket.emit = ((event: string, ...args: unknown[]) => {
    if (event !== 'data' || !losing.isLosing) return emit(event, ...args);
    losing.isLosing = false;
    socket.destroy(new Error('the answer is lost'));
    return true;
  }) as S['emit'];
  return socket;
}
