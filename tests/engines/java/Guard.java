import java.io.IOException;
import java.util.Arrays;

/**
 * Runs an engine's main method, and ends with whoever holds the other end of standard input.
 *
 * <p>The kernel closes that pipe however the test run ends, SIGKILL included, so no engine is ever left behind.
 * The waiting thread also keeps Elasticsearch 9 alive, whose own threads are all daemons.
 */
public final class Guard {
    private static final int ABANDONED = 3;

    private Guard() {}

    /** Arguments: the class to run, then its arguments. */
    public static void main(String[] args) throws Exception {
        new Thread(Guard::awaitParent, "guard").start();
        try {
            String[] rest = Arrays.copyOfRange(args, 1, args.length);
            Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object) rest);
        } catch (ReflectiveOperationException failure) {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    private static void awaitParent() {
        try {
            while (System.in.read() >= 0) {}
        } catch (IOException closed) {
            // The same as its end.
        }
        Runtime.getRuntime().halt(ABANDONED);
    }
}
