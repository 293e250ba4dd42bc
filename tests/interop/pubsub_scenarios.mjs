// The npm Pub/Sub client against a sandbox org: one line of JSON a scenario.
// usage: node pubsub_scenarios.mjs ENDPOINT CA_FILE INSTANCE_URL ACCESS_TOKEN ORG_ID
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [endpoint, authority, instanceUrl, accessToken, organizationId] = process.argv.slice(2);
const require = createRequire(path.join(process.env.FIRN_NPM, 'package.json'));
const entry = require.resolve('salesforce-pubsub-api-client');
const module = await import(pathToFileURL(entry).href);
const PubSubApiClient = module.default.default ?? module.default;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const client = new PubSubApiClient({
  authType: 'user-supplied', accessToken, instanceUrl, organizationId,
  pubSubEndpoint: endpoint, rejectUnauthorizedSsl: false,
}, quiet);
const say = (name, result) => console.log(JSON.stringify({ name, result }));

// The data of the first `count` events.
function events(count, start) {
  return new Promise((resolve, reject) => {
    const seen = [];
    start((subscription, kind, data) => {
      if (kind === 'error') reject(new Error(JSON.stringify(data)));
      if (kind !== 'event') return;
      seen.push(data);
      if (seen.length === count) resolve(seen);
    });
  });
}

async function rest(method, where, body) {
  const answer = await fetch(`${process.env.FIRN_REST}/services/data/v60.0${where}`, {
    method, body: JSON.stringify(body),
    headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
  });
  return answer.status === 204 ? null : answer.json();
}

await client.connect();
const { id } = await rest('POST', '/sobjects/Account', { Name: 'Acme', BillingCity: 'Oslo' });
await rest('PATCH', `/sobjects/Account/${id}`, { Fax: '1', BillingCity: 'Bergen' });
const changes = await events(2, (hear) => client.subscribeFromEarliestEvent('/data/AccountChangeEvent', hear, 2));
say('changes', changes.map(({ payload }) => ({
  type: payload.ChangeEventHeader.changeType, name: payload.Name,
  changed: payload.ChangeEventHeader.changedFields.sort(),
})));

const order = { CreatedDate: Date.now(), CreatedById: '005000000000001', Order_Number__c: { string: 'N-1' } };
for (const field of ['Message__c', 'Amount__c', 'Has_Shipped__c', 'Ordered_On__c', 'Shipped_At__c']) order[field] = null;
const published = await client.publish('/event/Order_Event__e', order, 'key-1');
const [event] = await events(1, (hear) => client.subscribeFromEarliestEvent('/event/Order_Event__e', hear, 1));
say('published', { key: published.correlationKey, same: published.replayId === event.replayId,
  number: event.payload.Order_Number__c });

await client.publishBatch('/event/Order_Event__e', [{ payload: order }, { payload: order }], () => {});
const second = await new Promise((resolve, reject) => {
  const other = new PubSubApiClient({ authType: 'user-supplied', accessToken, instanceUrl, organizationId,
    pubSubEndpoint: endpoint, rejectUnauthorizedSsl: false }, quiet);
  other.connect().then(() => events(2, (hear) => other.subscribeFromReplayId(
    '/event/Order_Event__e', hear, 2, event.replayId))).then((seen) => { other.close(); resolve(seen); }, reject);
});
say('replayed', second.every((each) => each.replayId > event.replayId));
client.close();
process.exit(0);
