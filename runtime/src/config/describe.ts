/** The settings as a person reads them: for --help, and for the README, whose table a test compares. */
import { z } from 'zod';
import { aboutOf, flagOf, layers, leavesOf, PREFIX } from './names.ts';
import { settings } from './settings.ts';

export interface SettingDescription {
  /** Environment variable. */
  variable: string;
  flag: string;
  meaning: string;
  /** As it would be written; null: must be given; '': may be left out. */
  default: string | null;
}

/** All catalogue settings of a schema (`schema.shape`), in its order; regions with `<NAME>`. */
export function describeSettings(shape: z.ZodRawShape): SettingDescription[] {
  return leavesOf(shape, ['<NAME>']).flatMap((leaf) => {
    const about = aboutOf(leaf.schema);
    if (about === undefined) return [];
    // A field of an optional object may be left out with it.
    const [parent = '', field] = leaf.path as string[];
    const optionalParent =
      field !== undefined && layers(shape[parent] as z.ZodType)[0] instanceof z.ZodOptional;
    return {
      variable: PREFIX + leaf.name,
      flag: flagOf(leaf.name),
      meaning: about.meaning,
      default: optionalParent ? '' : defaultOf(leaf.schema),
    };
  });
}

/** The settings of a schema as the last part of a command's --help. */
export function settingsHelp(shape: z.ZodRawShape): string {
  const settings = describeSettings(shape);
  const width = Math.max(...settings.map(({ flag }) => flag.length));
  const lines = settings.map(({ flag, meaning, default: value }) => {
    const note = value === null ? ' Required.' : value === '' ? '' : ` Default: ${value}.`;
    return `  ${flag.padEnd(width)}  ${meaning}${note}`;
  });
  return `
Settings, as flags, as environment variables (${PREFIX}KAFKA_BROKERS for --kafka-brokers) or in the
YAML file that --config or ${PREFIX}CONFIG names:
${lines.join('\n')}`;
}

function defaultOf(schema: z.ZodType): string | null {
  for (const layer of layers(schema)) {
    if (layer instanceof z.ZodDefault || layer instanceof z.ZodPrefault) {
      return String(layer.def.defaultValue);
    }
    if (layer instanceof z.ZodOptional) return '';
  }
  return null;
}

/** The names of the fields that hold secrets, for the logger to hide. */
export function secretFields(): string[] {
  const secrets = leavesOf(settings, ['x']).filter((leaf) => aboutOf(leaf.schema)?.secret);
  return [...new Set(secrets.map((leaf) => String(leaf.path.at(-1))))];
}
