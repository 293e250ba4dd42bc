// The npm client on the same server. usage: node peer.mjs TLS_PORT EVENTS; prints the same JSON.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [port, wanted] = process.argv.slice(2).map(Number);
const require = createRequire(path.join(process.env.FIRN_NPM, 'package.json'));
const module = await import(pathToFileURL(require.resolve('salesforce-pubsub-api-client')).href);
const PubSubApiClient = module.default.default ?? module.default;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const client = new PubSubApiClient({
  authType: 'user-supplied', accessToken: 'bench', instanceUrl: 'https://127.0.0.1',
  organizationId: '00D000000000001EAA', pubSubEndpoint: `127.0.0.1:${port}`, rejectUnauthorizedSsl: false,
}, quiet);
await client.connect();
const began = process.hrtime.bigint();
let events = 0;
let touched = 0;
await new Promise((resolve, reject) => {
  client.subscribeFromEarliestEvent('/data/AccountChangeEvent', (subscription, kind, data) => {
    if (kind === 'error') reject(new Error(JSON.stringify(data)));
    if (kind === 'lastEvent') client.requestAdditionalEvents(subscription.topicName, 100);
    if (kind !== 'event') return;
    touched += data.payload.ChangeEventHeader.changedFields.length;
    if (++events === wanted) resolve();
  }, 100);
});
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const usage = process.resourceUsage();
console.log(JSON.stringify({
  events, touched, seconds, cpu_seconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
  rss_bytes: usage.maxRSS * 1024,
}));
process.exit(0);
