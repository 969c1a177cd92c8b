/**
 * A consumer whose group knows it no more gives its member id up and joins again. When that fails (the
 * coordinator moves or is being loaded, as after a broker was away), kafkajs 2.2.4 goes on as it was
 * instead: it fetches by the old assignment, and sends no heartbeat, since there is no member to send
 * it for. So it never hears that it should join; for ever. Here it hears it from its own heartbeat.
 */

/** The part of kafkajs's class that is looked at. */
interface ConsumerGroup {
  memberId: string | null;
  heartbeat(options: { interval: number }): Promise<void>;
}

/**
 * @param prototype of kafkajs's ConsumerGroup
 * @param unknownMember makes the error with which a coordinator answers
 */
export function missMembership(prototype: ConsumerGroup, unknownMember: () => Error): void {
  const { heartbeat } = prototype;
  prototype.heartbeat = async function (this: ConsumerGroup, options: { interval: number }) {
    if (this.memberId === null) throw unknownMember();
    await heartbeat.call(this, options);
  };
}
