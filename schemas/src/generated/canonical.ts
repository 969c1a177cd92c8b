// Generated from released/ by `npm run generate`: canonical.ts for the current schemas. Do not edit.

import {
  endOfArray,
  endOfBoolean,
  endOfBytes,
  endOfEnum,
  endOfFixed,
  endOfInt,
  endOfLong,
  endOfMap,
  endOfString,
  isNull,
  isPresent,
} from '../canonical-values.ts';
import { KeySet } from '../key-set.ts';

const attributesKeys = new KeySet();

/** authseal.KafkaHeader */
function endOfKafkaHeader(buf: Uint8Array, from: number): number {
  let at = from;
  // key
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // value
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfBytes(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.Raw */
function endOfRaw(buf: Uint8Array, from: number): number {
  let at = from;
  // schema
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfFixed(buf, at, 8);
    if (at < 0) return -1;
  }
  // value
  at = endOfBytes(buf, at);
  if (at < 0) return -1;
  return at;
}

/** authseal.Principal */
function endOfPrincipal(buf: Uint8Array, from: number): number {
  let at = from;
  // type
  at = endOfEnum(buf, at, 5);
  if (at < 0) return -1;
  // id
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // name
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.Target */
function endOfTarget(buf: Uint8Array, from: number): number {
  let at = from;
  // type
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // id
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // name
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.Source */
function endOfSource(buf: Uint8Array, from: number): number {
  let at = from;
  // ip
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  // port
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfInt(buf, at);
    if (at < 0) return -1;
  }
  // userAgent
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.Trace */
function endOfTrace(buf: Uint8Array, from: number): number {
  let at = from;
  // traceId
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // spanId
  at = endOfString(buf, at);
  if (at < 0) return -1;
  return at;
}

/** authseal.ProtectedField */
function endOfProtectedField(buf: Uint8Array, from: number): number {
  let at = from;
  // field
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // subject
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // keyId
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // nonce
  at = endOfBytes(buf, at);
  if (at < 0) return -1;
  // ciphertext
  at = endOfBytes(buf, at);
  if (at < 0) return -1;
  return at;
}

/** authseal.Login */
function endOfLogin(buf: Uint8Array, from: number): number {
  let at = from;
  // method
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // mfa
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfBoolean(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.RoleChange */
function endOfRoleChange(buf: Uint8Array, from: number): number {
  let at = from;
  // role
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // change
  at = endOfEnum(buf, at, 2);
  if (at < 0) return -1;
  // privilegeEscalation
  at = endOfBoolean(buf, at);
  if (at < 0) return -1;
  // previousRoles
  at = endOfArray(buf, at, endOfString);
  if (at < 0) return -1;
  // newRoles
  at = endOfArray(buf, at, endOfString);
  if (at < 0) return -1;
  return at;
}

/** authseal.AccessDenial */
function endOfAccessDenial(buf: Uint8Array, from: number): number {
  let at = from;
  // resource
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // action
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // policy
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.PolicyUpdate */
function endOfPolicyUpdate(buf: Uint8Array, from: number): number {
  let at = from;
  // policy
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // previousVersion
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // newVersion
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // diff
  at = endOfString(buf, at);
  if (at < 0) return -1;
  return at;
}

/** authseal.Termination */
function endOfTermination(buf: Uint8Array, from: number): number {
  let at = from;
  // reason
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // effectiveAt
  at = endOfLong(buf, at);
  if (at < 0) return -1;
  // sessionsRevoked
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfInt(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.AuthEvent */
export function endOfAuthEvent(buf: Uint8Array, from: number): number {
  let at = from;
  // id
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // time
  at = endOfLong(buf, at);
  if (at < 0) return -1;
  // kind
  at = endOfEnum(buf, at, 7);
  if (at < 0) return -1;
  // service
  at = endOfString(buf, at);
  if (at < 0) return -1;
  // tenant
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  // actor
  at = endOfPrincipal(buf, at);
  if (at < 0) return -1;
  // onBehalfOf
  at = endOfArray(buf, at, endOfPrincipal);
  if (at < 0) return -1;
  // approvals
  at = endOfArray(buf, at, endOfPrincipal);
  if (at < 0) return -1;
  // target
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfTarget(buf, at);
    if (at < 0) return -1;
  }
  // reason
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  // source
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfSource(buf, at);
    if (at < 0) return -1;
  }
  // session
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  // trace
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfTrace(buf, at);
    if (at < 0) return -1;
  }
  // sourceId
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfString(buf, at);
    if (at < 0) return -1;
  }
  // attributes
  at = endOfMap(buf, at, attributesKeys, endOfString);
  if (at < 0) return -1;
  // protected
  at = endOfArray(buf, at, endOfProtectedField);
  if (at < 0) return -1;
  // login
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfLogin(buf, at);
    if (at < 0) return -1;
  }
  // roleChange
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfRoleChange(buf, at);
    if (at < 0) return -1;
  }
  // accessDenial
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfAccessDenial(buf, at);
    if (at < 0) return -1;
  }
  // policyUpdate
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfPolicyUpdate(buf, at);
    if (at < 0) return -1;
  }
  // termination
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfTermination(buf, at);
    if (at < 0) return -1;
  }
  return at;
}

/** authseal.Entry */
export function endOfEntry(buf: Uint8Array, from: number): number {
  let at = from;
  // index
  at = endOfLong(buf, at);
  if (at < 0) return -1;
  // offset
  at = endOfLong(buf, at);
  if (at < 0) return -1;
  // timestamp
  at = endOfLong(buf, at);
  if (at < 0) return -1;
  // key
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfBytes(buf, at);
    if (at < 0) return -1;
  }
  // headers
  at = endOfArray(buf, at, endOfKafkaHeader);
  if (at < 0) return -1;
  // problem
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfEnum(buf, at, 3);
    if (at < 0) return -1;
  }
  // raw
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfRaw(buf, at);
    if (at < 0) return -1;
  }
  // event
  if (isNull(buf, at)) {
    at++;
  } else {
    if (!isPresent(buf, at++)) return -1;
    at = endOfAuthEvent(buf, at);
    if (at < 0) return -1;
  }
  return at;
}
