import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** Starts an Elasticsearch 9 node from its published artifacts, which lack the server's own start script and class. */
public final class Elasticsearch9 {
    private Elasticsearch9() {}

    /** Arguments: the folder with elasticsearch.yml. The system property es.path.home names the one with modules/. */
    public static void main(String[] args) throws Exception {
        LogConfigurator.configureESLogging(); // Reading the settings needs a logger.
        var home = Settings.builder().put("path.home", System.getProperty("es.path.home")).build();
        var env = InternalSettingsPreparer.prepareEnvironment(home, Map.of(), Path.of(args[0]), () -> "node");
        LogConfigurator.configureWithoutConfig(env.settings()); // To the console: the artifacts bring no log4j2.properties.
        var modules = PluginsLoader.loadModulesBundles(env.modulesDir());
        var node = new Node(env, PluginsLoader.createPluginsLoader(modules, Set.of(), new HashMap<>()));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (Exception failure) {
            failure.printStackTrace();
        }
    }
}
