/** A number in zig-zag and as few bytes as it needs, low bits first: as Avro and Kafka write it. */
export function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number < 0 ? -2 * number - 1 : 2 * number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
