import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DeployError } from './error.ts';
import { onFreePorts } from './ports.ts';

const echoPorts = async (ports: number[]) => ports;

describe('ports', () => {
  it('are those of last time where these are free', async () => {
    const first = await onFreePorts(2, [], echoPorts);
    expect(await onFreePorts(2, first, echoPorts)).toEqual(first);
  });

  it('are others where one of last time is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const ports = await onFreePorts(1, [port], echoPorts);
    holder.close();
    expect(ports).not.toEqual([port]);
  });

  it('are drawn again when another process took one before its use', async () => {
    const tried: number[][] = [];
    const ports = await onFreePorts(1, [], async (drawn) => {
      tried.push(drawn);
      if (tried.length < 3) throw new DeployError('SERVER_DIED', 'bind: address already in use');
      return drawn;
    });
    expect(tried).toHaveLength(3);
    expect(ports).toBe(tried[2]);
  });

  it('are not drawn again when a server died for another reason', async () => {
    const start = () => Promise.reject(new DeployError('SERVER_DIED', 'out of memory'));
    await expect(onFreePorts(1, [], start)).rejects.toThrow('out of memory');
  });
});
