// The reference implementation's answers, a line each, for JSON lines of event_text and pattern_text on stdin.

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.MachineComplexityEvaluator;
import software.amazon.event.ruler.Patterns;
import software.amazon.event.ruler.RuleCompiler;
import software.amazon.event.ruler.Ruler;

public class RulerOracle {
    private static final int COMPLEXITY_MAX = 10;

    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null; ) {
            JsonNode node = mapper.readTree(line);
            String event = node.get("event_text").asText();
            try {
                refuseComplex(node.get("pattern_text").asText());
                out.println(Ruler.matchesRule(event, node.get("pattern_text").asText()));
            } catch (Exception refused) {
                out.println("error: " + String.valueOf(refused.getMessage()).split("\n")[0]);
            }
        }
        out.flush();
    }

    // As the README's example has it, with the limit that the service seems to have; each alternative by itself.
    private static void refuseComplex(String pattern) throws Exception {
        List<Map<String, List<Patterns>>> rules;
        try {
            rules = JsonRuleCompiler.compile(pattern);
        } catch (JsonParseException older) {
            rules = List.of(RuleCompiler.compile(pattern));
        }
        for (Map<String, List<Patterns>> rule : rules) {
            for (Map.Entry<String, List<Patterns>> field : rule.entrySet()) {
                Machine machine = new Machine();
                machine.addPatternRule("rule", Map.of(field.getKey(), field.getValue()));
                if (machine.evaluateComplexity(new MachineComplexityEvaluator(COMPLEXITY_MAX + 1)) > COMPLEXITY_MAX) {
                    throw new IllegalArgumentException("Rule is too complex");
                }
            }
        }
    }
}
