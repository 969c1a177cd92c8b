/**
 *     node test/simulation/main.ts [--rounds N] [--seed S] [--variant NAME] [--trace]
 *
 * Runs N schedules, from seed S on, and prints how many crashed where; ends with 3 at the first that
 * broke a promise, naming its seed. `--rounds 1 --seed S --trace` shows all of it.
 */
import { parseArgs } from 'node:util';
import { replaceClients } from './replace.ts';
import { VARIANTS } from './variants.ts';
import { install } from './virtual-time.ts';

/** Exit status when a promise was broken; anything else but 0 is a fault of the simulation itself. */
const VIOLATED = 3;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    variant: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const variant = VARIANTS.find(({ name }) => name === values.variant) ?? null;
if (values.variant !== undefined && variant === null)
  throw new Error(`no variant ${values.variant}`);
const loaded = replaceClients(variant);
Error.stackTraceLimit = values.trace ? 10 : 0;
const { runSchedule } = await import('./schedule.ts');
loaded();
install();

const rounds = Number(values.rounds);
const first = Number(values.seed);
const began = process.cpuUsage();
const crashes = new Map<string, number>();
const freezes = new Map<string, number>();
let steps = 0;
const count = (map: Map<string, number>, places: readonly string[]) => {
  for (const place of new Set(places)) map.set(place, (map.get(place) ?? 0) + 1);
};
let current = first;
// The service would end here.
process.on('unhandledRejection', (error) => report(`nobody caught ${error}`));

function report(violation: string): never {
  console.log(JSON.stringify({ seed: current, rounds: current - first + 1, violation }));
  const how = variant === null ? '' : ` --variant '${variant.name}'`;
  console.log(`npx node test/simulation/main.ts --rounds 1 --seed ${current}${how} --trace`);
  process.exit(VIOLATED);
}

for (let seed = first; seed < first + rounds; seed += 1) {
  current = seed;
  const outcome = await runSchedule(seed, values.trace ? console.log : null);
  count(crashes, outcome.crashes);
  count(freezes, outcome.freezes);
  steps += outcome.steps;
  if (outcome.violation !== null) report(outcome.violation);
}
const { user, system } = process.cpuUsage(began);
const seconds = (user + system) / 1e6;
const sorted = (map: Map<string, number>) => Object.fromEntries([...map].sort());
console.log(
  JSON.stringify(
    {
      seed: first,
      rounds,
      seconds,
      steps,
      perMinute: Math.round((60 * rounds) / seconds),
      crashes: sorted(crashes),
      freezes: sorted(freezes),
    },
    null,
    1,
  ),
);
