// jsforce's streaming client against an org, one JSON line a scenario.
// Arguments: address, access token, API version. FIRN_NPM: where node_modules is.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.FIRN_NPM}/package.json`);
const jsforce = require('jsforce');
const { StreamingExtension } = require('jsforce/lib/api/streaming');
const [instanceUrl, accessToken, version] = process.argv.slice(2);
const conn = new jsforce.Connection({ instanceUrl, accessToken, version });

const tell = (name, result) => console.log(JSON.stringify({ name, result }));

// Subscribes, lets `act` happen, and returns the first `count` messages.
async function follow(channel, count, act, extensions = []) {
  const client = conn.streaming.createClient(extensions);
  const got = [];
  let full;
  const filled = new Promise((resolve) => { full = resolve; });
  const subscription = client.subscribe(channel, (message) => {
    got.push(message);
    if (got.length === count) full();
  });
  await subscription;
  await act();
  await filled;
  client.disconnect();
  return got;
}

const order = (number) => conn.sobject('Order_Event__e').create({ Order_Number__c: number, Amount__c: 2.5 });

const [published] = await follow('/event/Order_Event__e', 1, () => order('js-1'));
tell('event', { number: published.payload.Order_Number__c, amount: published.payload.Amount__c,
  schema: typeof published.schema, replay: Number.isInteger(published.event.replayId) });

const [again] = await follow('/event/Order_Event__e', 1, async () => {},
  [new StreamingExtension.Replay('/event/Order_Event__e', -2)]);
tell('replayed', again.event.replayId === published.event.replayId);

const changes = await follow('/data/AccountChangeEvent', 2, async () => {
  const made = await conn.sobject('Account').create({ Name: 'streamed', Phone: '1' });
  await conn.sobject('Account').update({ Id: made.id, Phone: null });
});
tell('changes', changes.map(({ payload }) => [payload.ChangeEventHeader.changeType, payload.Name ?? null, payload.Phone,
  payload.ChangeEventHeader.changedFields]));

const refused = await new Promise((resolve) => {
  const client = conn.streaming.createClient([]);
  client.subscribe('/event/Nope__e', () => {}).then(() => resolve('taken'), (error) => {
    client.disconnect();
    resolve(error.message);
  });
});
tell('refused', refused);

await conn.sobject('PushTopic').create({ Name: 'Rich', ApiVersion: 60.0,
  Query: "SELECT Id, Name, AnnualRevenue FROM Account WHERE AnnualRevenue > 1000" });
const topics = await follow('/topic/Rich', 2, async () => {
  await conn.sobject('Account').create({ Name: 'poor', AnnualRevenue: 5 });
  const made = await conn.sobject('Account').create({ Name: 'rich', AnnualRevenue: 5000 });
  await conn.sobject('Account').update({ Id: made.id, Phone: '7' });
  await conn.sobject('Account').update({ Id: made.id, Name: 'richer' });
});
tell('topic', topics.map(({ event, sobject }) => [event.type, sobject.Name, sobject.AnnualRevenue]));

const channel = await conn.sobject('StreamingChannel').create({ Name: '/u/js/news' });
const [news] = await follow('/u/js/news', 1, async () => {
  tell('pushed', await conn.streaming.channel('/u/js/news').push({ payload: 'hello', userIds: [] }));
});
tell('generic', news.payload);
await conn.sobject('StreamingChannel').destroy(channel.id);
process.exit(0);
