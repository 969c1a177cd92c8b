/** A day at a small company, in four parts. */
import { Company } from '../demo-service/company.ts';
import type { Answer, Client, Place } from './client.ts';
import { DemoFailure } from './expect.ts';

const EMPLOYEES = Array.from({ length: 24 }, (_, i) => `employee-${i + 1}`);

/** Addresses for documentation (RFC 5737): the office, and the intruder. */
const OFFICE = (n: number) => `192.0.2.${n + 1}`;
const INTRUDER = '203.0.113.66';

/** What the intruder tries on heidi's account, one after the other; the last one is right. */
const SEASONS = ['winter', 'spring', 'summer'];
const GUESSES = Array.from({ length: 150 }, (_, i) => `${SEASONS[i % 3]}-${Math.floor(i / 3)}`);
const HEIDIS_PASSWORD = GUESSES.at(-1) as string;

/** How many requests of different people are under way at once. */
const AT_ONCE = 8;

export async function openCompany(): Promise<Company> {
  const company = new Company();
  await company.hire('alice', 'a-long-passphrase', 'employee', 'admin');
  await company.hire('sven', 'another-passphrase', 'employee', 'security');
  await company.hire('heidi', HEIDIS_PASSWORD, 'employee', 'helpdesk');
  for (const id of EMPLOYEES) await company.hire(id, `secret of ${id}`, 'employee');
  return company;
}

/** Everybody logs in, some mistype, all read reports, a few ask for what is not for them. */
export async function morning(client: Client): Promise<void> {
  await inGroups(EMPLOYEES, async (id, n) => {
    const from = OFFICE(n);
    if (n % 4 === 0) await failToLogIn(client, id, 'mistyped', from);
    const as = await logIn(client, id, `secret of ${id}`, from);
    for (const report of ['sales', 'support', 'canteen']) {
      await client.call('GET', `/reports/${report}`, { as, from, status: 200 });
    }
    if (n % 6 === 0) await askInVain(client, 'GET', '/reports/payroll', as, from);
  });

  const from = OFFICE(100);
  const as = await logIn(client, 'alice', 'a-long-passphrase', from);
  for (const id of EMPLOYEES.slice(0, 6)) {
    const body = { reason: 'on helpdesk duty this week' };
    await change(client, 'PUT', `/users/${id}/roles/helpdesk`, as, from, body);
  }
  await change(client, 'PUT', '/policies/passwords', as, from, { text: 'at least 12 characters' });
  // To see what a user sees: from here on, events name alice and, as onBehalfOf, the user.
  const { body } = await client.call('POST', '/users/employee-7/impersonation', {
    as,
    from,
    status: 200,
    recorded: 'LOGIN_SUCCEEDED',
  });
  await askInVain(client, 'GET', '/reports/payroll', String(body.token), from);
}

/** Someone guesses heidi's password. Returns where the first failed login is. */
export async function noon(client: Client): Promise<Place> {
  const failures = await inGroups(GUESSES.slice(0, -1), (guess) =>
    failToLogIn(client, 'heidi', guess, INTRUDER),
  );
  return placeOf(failures[0]);
}

/** The intruder finds that the helpdesk may give itself any role. Returns where the grant is. */
export async function afternoon(client: Client): Promise<Place> {
  const from = INTRUDER;
  const as = await logIn(client, 'heidi', HEIDIS_PASSWORD, from);
  await askInVain(client, 'GET', '/reports/payroll', as, from);
  await askInVain(client, 'PUT', '/policies/passwords', as, from, { text: 'none' });
  const grant = await change(client, 'PUT', '/users/heidi/roles/admin', as, from, {});
  await client.call('GET', '/reports/payroll', { as, from, status: 200 });
  await change(client, 'PUT', '/policies/passwords', as, from, { text: 'none' });
  return placeOf(grant);
}

/** Security ends heidi's account and takes back what was done with it. */
export async function evening(client: Client): Promise<void> {
  const from = OFFICE(101);
  const sven = await logIn(client, 'sven', 'another-passphrase', from);
  await change(client, 'DELETE', '/users/heidi', sven, from, { reason: 'account taken over' });
  await change(client, 'PUT', '/policies/passwords', sven, from, {
    text: 'at least 12 characters',
  });
  await failToLogIn(client, 'heidi', HEIDIS_PASSWORD, INTRUDER);
  const alice = await logIn(client, 'alice', 'a-long-passphrase', OFFICE(100));
  for (const id of EMPLOYEES.slice(0, 6)) {
    await change(client, 'DELETE', `/users/${id}/roles/helpdesk`, alice, OFFICE(100));
  }
}

async function logIn(client: Client, user: string, password: string, from: string) {
  const call = { from, body: { user, password }, status: 200 };
  const { body } = await client.call('POST', '/login', { ...call, recorded: 'LOGIN_SUCCEEDED' });
  return String(body.token);
}

function failToLogIn(client: Client, user: string, password: string, from: string) {
  const call = { from, body: { user, password }, status: 401 };
  return client.call('POST', '/login', { ...call, recorded: 'LOGIN_FAILED' });
}

function askInVain(
  client: Client,
  method: string,
  path: string,
  as: string,
  from: string,
  body?: object,
) {
  const call = { as, from, status: 403, ...(body && { body }) };
  return client.call(method, path, { ...call, recorded: 'ACCESS_DENIED' });
}

function change(
  client: Client,
  method: string,
  path: string,
  as: string,
  from: string,
  body?: object,
) {
  const recorded = path.includes('/roles/')
    ? 'ROLE_CHANGED'
    : path.startsWith('/policies/')
      ? 'POLICY_UPDATED'
      : 'USER_TERMINATED';
  return client.call(method, path, { as, from, status: 200, recorded, ...(body && { body }) });
}

function placeOf(answer: Answer | undefined): Place {
  if (!answer?.place) throw new DemoFailure('Expected: a receipt\nSeen: none');
  return answer.place;
}

/** Some at once, in order of the items. */
async function inGroups<T, R>(items: T[], work: (item: T, n: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    const group = items.slice(i, i + AT_ONCE);
    results.push(...(await Promise.all(group.map((item, n) => work(item, i + n)))));
  }
  return results;
}
