/** The end: where to look next, with commands to paste. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { heading, show } from './terminal.ts';
import type { World } from './world.ts';

export function whereNext(since: Date): void {
  heading('Where to look next');
  show(
    `This stack ends now, its data with it. To look around in one that stays:

  npm run demo -- --keep                    this once more, then it runs until Ctrl-C
  npm run stack                             an empty one, for your own services

and with either, in another terminal:${commands('.cache/stack/env', since)}

  npm run demo -- --sshd /var/log/auth.log  the same with your own logs
  test/demo-service/service.ts              the service, to copy from
  docs/                                     for platform teams, compliance and SREs`,
  );
}

/** As whereNext, for the stack of this demo, which stays. */
export function lookAround({ stack }: World, since: Date): void {
  const file = `${stack.directory}/env`;
  const variables = Object.entries(stack.environment).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`,
  );
  writeFileSync(file, variables.join(''), { mode: 0o600 });
  heading('Look around');
  show(
    `The stack runs until Ctrl-C. In another terminal:${commands(relative(process.cwd(), file), since)}`,
  );
}

function commands(environmentFile: string, since: Date): string {
  return `

  . ${environmentFile}
  npx authseal verify
  npx authseal list
  npx authseal export --from ${since.toISOString()} --kind ROLE_CHANGED`;
}
