// The reference implementation's answers, a line each, for JSON lines of event_text and pattern_text on stdin.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Ruler;

public class RulerOracle {
    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null; ) {
            JsonNode node = mapper.readTree(line);
            String event = node.get("event_text").asText();
            try {
                out.println(Ruler.matchesRule(event, node.get("pattern_text").asText()));
            } catch (Exception refused) {
                out.println("error: " + String.valueOf(refused.getMessage()).split("\n")[0]);
            }
        }
        out.flush();
    }
}
