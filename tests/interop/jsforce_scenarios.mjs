// What jsforce users do, run one after another against the org; prints one JSON line a scenario.
// argv: instance url, access token, API version.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const require = createRequire(pathToFileURL(path.join(process.env.FIRN_NPM, 'index.js')));
const { Connection } = require('jsforce');
const [instanceUrl, accessToken, version] = process.argv.slice(2);
const conn = new Connection({ instanceUrl, accessToken, version });

const scenarios = {
  async query() {
    const result = await conn.query("SELECT Id, Name FROM Account ORDER BY Id LIMIT 3");
    return { total: result.totalSize, done: result.done, first: Object.keys(result.records[0]) };
  },
  async everyPage() {
    const records = [];
    const expected = (await conn.query('SELECT COUNT() FROM Contact')).totalSize;
    await new Promise((resolve, reject) => conn.query('SELECT Id FROM Contact')
      .on('record', (record) => records.push(record.Id)).on('end', resolve).on('error', reject)
      .run({ autoFetch: true, maxFetch: 100000, headers: { 'Sforce-Query-Options': 'batchSize=200' } }));
    return { same: new Set(records).size === expected, more: expected > 200 };
  },
  async describe() {
    const account = await conn.sobject('Account').describe();
    const global = await conn.describeGlobal();
    return { name: account.name, fields: account.fields.length > 20, objects: global.sobjects.length > 15 };
  },
  async crud() {
    const made = await conn.sobject('Account').create({ Name: 'jsforce one' });
    const read = await conn.sobject('Account').retrieve(made.id);
    const changed = await conn.sobject('Account').update({ Id: made.id, Name: 'jsforce two' });
    const again = await conn.sobject('Account').findOne({ Id: made.id }, ['Name']);
    const gone = await conn.sobject('Account').destroy(made.id);
    return { made: made.success, read: read.Name, changed: changed.success, again: again.Name, gone: gone.success };
  },
  async lists() {
    const made = await conn.sobject('Account').create([{ Name: 'l1' }, { Name: 'l2' }, { Nope: 1 }], { allOrNone: false });
    const ids = made.filter((each) => each.success).map((each) => each.id);
    const read = await conn.sobject('Account').retrieve(ids);
    const changed = await conn.sobject('Account').update(ids.map((Id) => ({ Id, Phone: '1' })));
    const gone = await conn.sobject('Account').destroy(ids);
    return {
      made: made.map((each) => each.success), code: made[2].errors[0].statusCode,
      read: read.map((each) => each.Name), changed: changed.map((each) => each.success),
      gone: gone.map((each) => each.success),
    };
  },
  async upsert() {
    const key = `js-${Date.now()}`;
    const first = await conn.sobject('Account').upsert({ Name: 'u', ExternalKey__c: key }, 'ExternalKey__c');
    const second = await conn.sobject('Account').upsert({ Name: 'u2', ExternalKey__c: key }, 'ExternalKey__c');
    const many = await conn.sobject('Account').upsert([{ Name: 'u3', ExternalKey__c: key }, { Name: 'u4', ExternalKey__c: `${key}-b` }], 'ExternalKey__c');
    return { first: first.success, second: second.success, many: many.map((each) => each.success) };
  },
  async relations() {
    const result = await conn.sobject('Account').find({ 'Owner.IsActive': true }, 'Id, Owner.Name')
      .include('Contacts').select('Id, LastName').limit(2).end().limit(2).execute();
    return { owner: typeof result[0].Owner.Name, contacts: result.some((each) => each.Contacts?.records?.length > 0) };
  },
  async errors() {
    const codes = [];
    for (const soql of ['SELECT Nope FROM Account', 'SELECT Id FROM Nope', 'SELECT Id FRO Account X']) {
      try { await conn.query(soql); } catch (error) { codes.push(error.errorCode); }
    }
    return codes;
  },
  async deletedAndUpdated() {
    const { id } = await conn.sobject('Account').create({ Name: 'short-lived' });
    await conn.sobject('Account').destroy(id);
    const end = new Date(Date.now() + 120000);
    const start = new Date(Date.now() - 3600000);
    const deleted = await conn.sobject('Account').deleted(start, end);
    const updated = await conn.sobject('Account').updated(start, end);
    return { deleted: deleted.deletedRecords.some((each) => each.id === id), updated: Array.isArray(updated.ids) };
  },
  async composite() {
    const answer = await conn.request({
      method: 'POST', url: `/services/data/v${version}/composite`, headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        allOrNone: true,
        compositeRequest: [
          { method: 'POST', url: `/services/data/v${version}/sobjects/Account`, referenceId: 'a', body: { Name: 'c' } },
          { method: 'POST', url: `/services/data/v${version}/sobjects/Contact`, referenceId: 'b', body: { LastName: 'c', AccountId: '@{a.id}' } }],
      }),
    });
    return answer.compositeResponse.map((each) => each.httpStatusCode);
  },
  async limits() {
    const limits = await conn.limits();
    return { daily: limits.DailyApiRequests.Max > 0, header: conn.limitInfo.apiUsage.limit > 0 };
  },
  async bulkQuery() {
    const records = await (await conn.bulk2.query('SELECT Id, Name FROM Account LIMIT 5')).toArray();
    return { rows: records.length, columns: Object.keys(records[0]) };
  },
  async bulkWrites() {
    conn.bulk2.pollInterval = 100;
    const key = `bulk-${Date.now()}`;
    const input = [{ Name: 'b1', ExternalKey__c: `${key}-1` }, { Name: 'b2', ExternalKey__c: `${key}-2` }, { Name: '', Phone: '1' }];
    const made = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'insert', input });
    const ids = made.successfulResults.map((each) => ({ Id: each.sf__Id }));
    const upserted = await conn.bulk2.loadAndWaitForResults({
      object: 'Account', operation: 'upsert', externalIdFieldName: 'ExternalKey__c',
      input: [{ Name: 'b3', ExternalKey__c: `${key}-1` }, { Name: 'b4', ExternalKey__c: `${key}-4` }],
    });
    const gone = await conn.bulk2.loadAndWaitForResults({ object: 'Account', operation: 'delete', input: ids });
    return {
      made: made.successfulResults.length, failed: made.failedResults.map((each) => each.sf__Error.split(':')[0]),
      created: upserted.successfulResults.map((each) => each.sf__Created).sort(),
      gone: gone.successfulResults.length, unprocessed: made.unprocessedRecords.length,
    };
  },
  async bulkOne() {
    conn.bulk.pollInterval = 100;
    const made = await conn.bulk.load('Account', 'insert', [{ Name: 'v1 a' }, { Name: 'v1 b' }]);
    const ids = made.map((each) => ({ Id: each.id }));
    const changed = await conn.bulk.load('Account', 'update', ids.map((each) => ({ ...each, Phone: '7' })));
    const stream = await conn.bulk.query(`SELECT Id, Phone FROM Account WHERE Id IN ('${ids[0].Id}', '${ids[1].Id}')`);
    const read = await stream.toArray();
    const gone = await conn.bulk.load('Account', 'delete', ids);
    return {
      made: made.map((each) => each.success), changed: changed.map((each) => each.success),
      read: read.map((each) => each.Phone), gone: gone.map((each) => each.success),
    };
  },
  async pages() {
    const layouts = await conn.sobject('Account').layouts();
    const compact = await conn.sobject('Account').compactLayouts();
    const plan = await conn.query("SELECT Id FROM Account WHERE Name = 'x'").explain();
    return {
      layouts: layouts.layouts.length, mapping: layouts.recordTypeMappings.length,
      compact: compact.compactLayouts.length, plan: plan.plans[0].leadingOperationType,
    };
  },
  async identity() {
    const me = await conn.identity();
    const recent = await conn.recent();
    return { user: typeof me.username, organization: me.organization_id.startsWith('00D'), recent: Array.isArray(recent) };
  },
  async deletedRecordsToo() {
    const { id } = await conn.sobject('Account').create({ Name: 'twice' });
    await conn.sobject('Account').destroy(id);
    const all = await conn.query(`SELECT Id FROM Account WHERE Id = '${id}'`, { scanAll: true });
    const live = await conn.query(`SELECT Id FROM Account WHERE Id = '${id}'`);
    return { all: all.totalSize, live: live.totalSize };
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  let line;
  try {
    line = { name, result: await scenario() };
  } catch (error) {
    line = { name, error: `${error.errorCode ?? error.name}: ${error.message}` };
  }
  console.log(JSON.stringify(line));
}
