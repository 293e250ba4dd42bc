// event-ruler's rate: one Machine with all rules, events in turn, after a warm-up of its own.
// RulerBench RULES EVENTS SECONDS: files of one JSON text a line. Prints events, matches and seconds.

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.event.ruler.Machine;

public class RulerBench {
    public static void main(String[] args) throws Exception {
        List<String> rules = Files.readAllLines(Path.of(args[0]));
        List<String> events = Files.readAllLines(Path.of(args[1]));
        double seconds = Double.parseDouble(args[2]);
        Machine machine = new Machine();
        for (int i = 0; i < rules.size(); i++) machine.addRule(String.valueOf(i), rules.get(i));
        run(machine, events, seconds);  // warm-up: as long as the measurement
        run(machine, events, seconds);
    }

    static void run(Machine machine, List<String> events, double seconds) throws Exception {
        long begin = System.nanoTime();
        long end = begin + (long) (seconds * 1e9);
        long count = 0;
        long matches = 0;
        long firstRound = 0;
        while (System.nanoTime() < end) {
            for (String event : events) matches += machine.rulesForJSONEvent(event).size();
            count += events.size();
            if (firstRound == 0) firstRound = matches;
        }
        System.out.println(count + " " + firstRound + " " + (System.nanoTime() - begin) / 1e9);
    }
}
