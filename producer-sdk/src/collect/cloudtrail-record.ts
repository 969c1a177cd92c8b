/** The few members of a CloudTrail record that are looked at, read without trust in their types. */

/** A JSON object. */
export type Json = Record<string, unknown>;

export interface CloudTrailRecord {
  eventID: string;
  /** Microseconds since 1970-01-01 UTC. */
  time: number;
  /** `iam` of `iam.amazonaws.com`. */
  service: string;
  /** Without the version date that some services add: `AddPermission20150331v2` is `AddPermission`. */
  name: string;
  /** Of the error of a call that failed; null when it succeeded. */
  errorCode: string | null;
  errorMessage: string | null;
  identity: Json;
  request: Json;
  response: Json;
  all: Json;
}

const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** The record, or what it lacks to be one. */
export function readRecord(text: string): CloudTrailRecord | { malformed: string } {
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the record.
    return { malformed: 'not JSON' };
  }
  const record = object(all);
  const eventID = string(record, 'eventID');
  const eventTime = string(record, 'eventTime');
  const eventName = string(record, 'eventName');
  const eventSource = string(record, 'eventSource');
  if (eventID === null || eventTime === null || eventName === null || eventSource === null) {
    return {
      malformed: 'no CloudTrail record: eventID, eventTime, eventName or eventSource lacks',
    };
  }
  const ms = UTC_TIME.test(eventTime) ? Date.parse(eventTime) : Number.NaN;
  if (Number.isNaN(ms)) return { malformed: 'eventTime is no time' };
  return {
    eventID,
    time: ms * 1000,
    service: eventSource.replace(/\.amazonaws\.com$/, ''),
    name: eventName.replace(/\d{8}(v\d+)?$/, ''),
    errorCode: string(record, 'errorCode'),
    errorMessage: string(record, 'errorMessage'),
    identity: object(record.userIdentity),
    request: object(record.requestParameters),
    response: object(record.responseElements),
    all: record,
  };
}

/** The value when it is an object, else an empty one. */
export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** The member when it is a string that says something, else null. Half a surrogate pair, which JSON
 * may escape and UTF-8 cannot hold, becomes U+FFFD. */
export function string(of: Json, member: string): string | null {
  const value = Object.hasOwn(of, member) ? of[member] : null;
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : null;
}
