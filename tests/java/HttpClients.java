// What Java's own HTTP client sends by itself: an offer of h2c with every request, chunks for a body of unknown length.
// Arguments: address of the REST door, access token, key of a ticket. Prints one line for each answer: what, status, what of it.

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

public class HttpClients {
    static final HttpClient CLIENT = HttpClient.newHttpClient();
    static String api;
    static String token;

    public static void main(String[] arguments) throws Exception {
        api = arguments[0];
        token = arguments[1];
        String ticket = "/v1/tickets/" + arguments[2];
        say("get", send("GET", ticket, BodyPublishers.noBody()));
        say("head", send("HEAD", ticket, BodyPublishers.noBody()));
        String comment = "{\"body\":\"Écrit en Java\"}";
        say("comment", send("POST", ticket + "/comments", BodyPublishers.ofString(comment), "Content-Type", "application/json"));
        BodyPublisher chunked = BodyPublishers.ofInputStream(
            () -> new ByteArrayInputStream(comment.getBytes(StandardCharsets.UTF_8)));
        say("chunked", send("POST", ticket + "/comments", chunked, "Content-Type", "application/json"));
        String form = "--java\r\nContent-Disposition: form-data; name=\"file\"; filename=\"été.txt\"\r\n"
            + "Content-Type: text/plain; charset=UTF-8\r\n\r\nabc\r\n--java--\r\n";
        say("upload", send("POST", ticket + "/attachments", BodyPublishers.ofString(form),
            "Content-Type", "multipart/form-data; boundary=java"));
        String tag = send("GET", ticket, BodyPublishers.noBody()).headers().firstValue("etag").orElseThrow();
        say("unmodified", send("GET", ticket, BodyPublishers.noBody(), "If-None-Match", tag));
        say("matched", send("PATCH", ticket, BodyPublishers.ofString("{\"notify\":true}"),
            "Content-Type", "application/json", "If-Match", "\"1\"", "If-Match", tag));
        say("english", send("GET", "/v1/nothing", BodyPublishers.noBody(), "Accept-Language", "en"));
    }

    static HttpResponse<String> send(String method, String path, BodyPublisher body, String... fields) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(api + path)).method(method, body)
            .header("Authorization", "Bearer " + token);
        for (int at = 0; at < fields.length; at += 2) {
            request.header(fields[at], fields[at + 1]);
        }
        return CLIENT.send(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    static void say(String what, HttpResponse<String> answer) throws Exception {
        byte[] line = (what + " " + answer.statusCode() + " " + answer.body() + "\n").getBytes(StandardCharsets.UTF_8);
        System.out.write(line);
        System.out.flush();
    }
}
