#!/usr/bin/env node
/** The `authseal` command. Exit status: 0 fine, 1 problems found, 2 usage or settings, 3 could not finish. */
import { Command, CommanderError } from 'commander';
import { addDoctor } from './doctor.ts';
import { addExport } from './export.ts';
import { exitStatusOf, explain, stopAtOutput } from './failure.ts';
import { addKeys } from './keys.ts';
import { addList } from './list.ts';
import { addPull } from './pull.ts';
import { addVerify } from './verify.ts';

const program = new Command('authseal')
  .description('Verify, list, copy and export an Authseal archive. It trusts public keys only.')
  .showHelpAfterError('(authseal --help tells what there is)')
  .exitOverride();
addVerify(program);
addList(program);
addPull(program);
addExport(program);
addKeys(program);
addDoctor(program);

process.stdout.on('error', stopAtOutput);
// Who cannot be told anything still gets the exit status.
process.stderr.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said it already.
  if (!(error instanceof CommanderError)) process.stderr.write(`${explain(error)}\n`);
  process.exitCode = exitStatusOf(error);
}
