/** The sockets of one channel, so that closing it ends what waits for an answer. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

const KEEP_ALIVE_MS = 60_000;

/** How kafkajs asks for a socket. */
interface SocketRequest {
  host: string;
  port: number;
  ssl: ConnectionOptions | undefined;
  onConnect: () => void;
}

export interface Sockets {
  /** @throws Error once shut */
  open(request: SocketRequest): Socket;
  /** End all sockets with an error, and open no more. */
  shut(): void;
}

export function createSockets(): Sockets {
  const sockets = new Set<Socket>();
  let isShut = false;
  return {
    open({ host, port, ssl, onConnect }) {
      if (isShut) throw new Error('the channel is closed');
      // Server Name Indication is for names only (RFC 6066, section 3).
      const name = isIP(host) === 0 ? { servername: host } : {};
      const socket = ssl
        ? connectTls({ host, port, ...name, ...ssl }, onConnect)
        : connectTcp({ host, port }, onConnect);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
    shut() {
      isShut = true;
      for (const socket of sockets) socket.destroy(new Error('the channel is closed'));
    },
  };
}
