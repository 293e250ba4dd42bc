// Salesforce's own SOAP client (force-wsc with the stubs of the partner WSDL) against an org: `name: outcome`, a line each.
// Arguments: address, username, password.

import com.sforce.soap.partner.Connector;
import com.sforce.soap.partner.DescribeSObjectResult;
import com.sforce.soap.partner.Field;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.soap.partner.QueryResult;
import com.sforce.soap.partner.SaveResult;
import com.sforce.soap.partner.fault.ApiFault;
import com.sforce.soap.partner.sobject.SObject;
import com.sforce.ws.ConnectorConfig;
import java.util.Arrays;
import java.util.Calendar;
import java.util.stream.Collectors;

public class PartnerScenarios {
    interface Scenario {
        Object run() throws Exception;
    }

    private static PartnerConnection connection;
    private static String made;

    public static void main(String[] args) throws Exception {
        connection = Connector.newConnection(config(args[0], args[1], args[2]));
        reads();
        writes();
        leaves(args[0]);
    }

    private static ConnectorConfig config(String address, String username, String password) {
        ConnectorConfig config = new ConnectorConfig();
        config.setAuthEndpoint(address + "/services/Soap/u/60.0");
        config.setUsername(username);
        config.setPassword(password);
        return config;
    }

    private static void tell(String name, Scenario scenario) {
        String outcome;
        try {
            outcome = String.valueOf(scenario.run());
        } catch (ApiFault fault) {
            outcome = "fault " + fault.getExceptionCode();
        } catch (Exception broken) {
            outcome = "broken " + broken;
        }
        System.out.println(name + ": " + outcome.replace("\n", " "));
    }

    private static void reads() {
        tell("user", () -> connection.getUserInfo().getUserName());
        tell("time", () -> connection.getServerTimestamp().getTimestamp().getTimeInMillis() > 0);
        tell("objects", () -> connection.describeGlobal().getSobjects().length > 40);
        tell("describe", () -> {
            DescribeSObjectResult account = connection.describeSObject("Account");
            Field industry = Arrays.stream(account.getFields()).filter(f -> f.getName().equals("Industry")).findFirst().get();
            return account.getName() + " " + industry.getType() + " " + (industry.getPicklistValues().length > 5);
        });
        tell("describes", () -> connection.describeSObjects(new String[] {"Contact", "Task", "ContentVersion"}).length);
        tell("layout", () -> connection.describeLayout("Account", null, null).getLayouts().length > 0);
        tell("tabs", () -> connection.describeTabs().length > 0);
        tell("query", () -> {
            QueryResult found = connection.query("SELECT Id, CreatedDate, Owner.Name, (SELECT LastName FROM Contacts) FROM Account LIMIT 2");
            SObject first = found.getRecords()[0];
            return found.getSize() + " " + first.getField("CreatedDate").toString().endsWith("Z")
                + " " + (first.getChild("Owner").getField("Name") != null);
        });
        tell("aggregate", () -> connection.query("SELECT COUNT(Id) n FROM Contact").getRecords()[0].getField("n").equals(
            connection.query("SELECT COUNT() FROM Contact").getSize()));
        tell("more", () -> {
            connection.setQueryOptions(200);
            QueryResult page = connection.query("SELECT Id FROM Contact");
            int size = page.getSize();
            int rows = page.getRecords().length;
            int pages = 1;
            for (; !page.isDone(); ++pages) {
                page = connection.queryMore(page.getQueryLocator());
                rows += page.getRecords().length;
            }
            return rows == size && pages > 1;
        });
        tell("wrong field", () -> connection.query("SELECT Nope FROM Account"));
    }

    private static SObject account(String name) {
        SObject account = new SObject("Account");
        account.setField("Name", name);
        return account;
    }

    private static String outcomes(SaveResult[] results) {
        return Arrays.stream(results).map(r -> r.isSuccess() ? "saved" : String.valueOf(r.getErrors()[0].getStatusCode()))
            .collect(Collectors.joining(" "));
    }

    private static void writes() {
        tell("create", () -> {
            SObject whole = account("wsc <1> & co");
            whole.setField("NumberOfEmployees", 7);
            SObject nameless = new SObject("Contact");
            nameless.setField("FirstName", "no last name");
            SaveResult[] results = connection.create(new SObject[] {whole, nameless});
            made = results[0].getId();
            return outcomes(results);
        });
        tell("update", () -> {
            SObject change = new SObject("Account");
            change.setId(made);
            change.setField("Phone", "5");
            change.setFieldsToNull(new String[] {"NumberOfEmployees"});
            return outcomes(connection.update(new SObject[] {change}));
        });
        tell("retrieve", () -> {
            SObject[] read = connection.retrieve("Id,Name,Phone,NumberOfEmployees", "Account", new String[] {made});
            return read[0].getField("Name") + " " + read[0].getField("Phone") + " " + read[0].getField("NumberOfEmployees");
        });
        tell("upsert", () -> {
            SObject parent = account("wsc parent");
            parent.setField("ExternalKey__c", "wsc-1");
            return connection.upsert("ExternalKey__c", new SObject[] {parent})[0].isCreated() + " "
                + connection.upsert("ExternalKey__c", new SObject[] {parent})[0].isCreated();
        });
        tell("parent by key", () -> {
            SObject child = new SObject("Contact");
            child.setField("LastName", "kid");
            SObject parent = new SObject("Account");
            parent.setField("ExternalKey__c", "wsc-1");
            child.setField("Account", parent);
            return outcomes(connection.create(new SObject[] {child}));
        });
        tell("search", () -> connection.search("FIND {wsc} RETURNING Account(Id, Name)").getSearchRecords().length);
    }

    private static void leaves(String address) {
        Calendar from = Calendar.getInstance();
        from.add(Calendar.HOUR, -2);
        Calendar to = Calendar.getInstance();
        to.add(Calendar.MINUTE, 5);
        tell("updated", () -> Arrays.asList(connection.getUpdated("Account", from, to).getIds()).contains(made));
        tell("delete", () -> connection.delete(new String[] {made})[0].isSuccess());
        tell("deleted", () -> Arrays.stream(connection.getDeleted("Account", from, to).getDeletedRecords())
            .anyMatch(record -> record.getId().equals(made)));
        tell("undelete", () -> connection.undelete(new String[] {made})[0].isSuccess());
        tell("empty the bin", () -> {
            connection.delete(new String[] {made});
            return connection.emptyRecycleBin(new String[] {made})[0].isSuccess();
        });
        tell("wrong sign-in", () -> Connector.newConnection(config(address, "nobody@nowhere", "x")));
        tell("logout", () -> {
            connection.logout();
            return connection.query("SELECT Id FROM Account LIMIT 1");
        });
    }
}
