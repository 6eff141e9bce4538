import { literal } from './literal.ts';
import type { ExampleCall } from './model.ts';

/** A whole program: `java Call.java` runs it, from Java 17 on. */
export function java(call: ExampleCall): string {
  const { server, target, method, headers, body, connectionType } = call;
  const isTls = connectionType !== 'NOSSL';
  const publisher = body === undefined ? 'noBody()' : `ofString(${literal(body)})`;
  return [
    'import java.net.URI;',
    'import java.net.http.HttpClient;',
    'import java.net.http.HttpRequest;',
    'import java.net.http.HttpResponse;',
    ...(isTls ? tlsImports : []),
    '',
    'class Call {',
    '    public static void main(String[] arguments) throws Exception {',
    `        var request = HttpRequest.newBuilder(URI.create(${literal(`${server}${target}`)}))`,
    ...headers.map(([name, value]) => `            .header(${literal(name)}, ${literal(value)})`),
    `            .method(${literal(method)}, HttpRequest.BodyPublishers.${publisher})`,
    '            .build();',
    ...(isTls
      ? tlsContext(connectionType === 'SSLAUTH')
      : ['        var client = HttpClient.newHttpClient();']),
    '        var answer = client.send(request, HttpResponse.BodyHandlers.ofString());',
    '        System.out.println(answer.statusCode() + " " + answer.body());',
    '    }',
    '}',
  ].join('\n');
}

const tlsImports = [
  'import java.nio.file.Files;',
  'import java.nio.file.Path;',
  'import java.security.KeyStore;',
  'import java.security.cert.CertificateFactory;',
  'import javax.net.ssl.KeyManagerFactory;',
  'import javax.net.ssl.SSLContext;',
  'import javax.net.ssl.TrustManagerFactory;',
];

function tlsContext(showsOwn: boolean): string[] {
  const own = [
    '        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());',
    '        var password = System.getenv("SYSTEM_P12_PASSWORD").toCharArray();',
    '        keys.init(KeyStore.getInstance(Path.of("system.p12").toFile(), password), password);',
  ];
  return [
    '        var trusted = KeyStore.getInstance("PKCS12");',
    '        trusted.load(null, null);',
    '        try (var file = Files.newInputStream(Path.of("server.pem"))) {',
    '            var certificate = CertificateFactory.getInstance("X.509").generateCertificate(file);',
    '            trusted.setCertificateEntry("server", certificate);',
    '        }',
    '        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());',
    '        trust.init(trusted);',
    ...(showsOwn ? own : []),
    '        var tls = SSLContext.getInstance("TLS");',
    `        tls.init(${showsOwn ? 'keys.getKeyManagers()' : 'null'}, trust.getTrustManagers(), null);`,
    '        var client = HttpClient.newBuilder().sslContext(tls).build();',
  ];
}
