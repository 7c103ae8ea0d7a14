package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import video.unified.model.VideoGenerationRequest;
import video.unified.model.VideoModel;

/** Runs the conformance vectors over a socket. */
final class Vectors {
  private static final Map<String, String> SETTINGS = System.getenv();
  private int passed;
  private int total;

  private Vectors() {}

  public static void main(String[] arguments) throws Exception {
    Vectors vectors = new Vectors();
    vectors.queries(load("queries").get("cases"));
    vectors.errors(load("errors").get("cases"));
    vectors.polling(load("polling"));
    vectors.downloads(load("downloads"));
    System.out.printf("{\"passed\": %d, \"total\": %d}%n", vectors.passed, vectors.total);
  }

  private static JsonNode load(String kind) throws IOException {
    return Document.JSON.readTree(Path.of(SETTINGS.get("VECTORS_FOLDER"), kind + ".json").toFile());
  }

  private static Service at(String kind, int number, int step, JsonNode answer) {
    boolean closed = answer.path("fault").asText().equals("not_connected");
    String base = String.join("/", SETTINGS.get("VECTORS_URL"), kind, String.valueOf(number), String.valueOf(step));
    return new Service(closed ? SETTINGS.get("VECTORS_CLOSED") : base, "sk-of-the-vectors");
  }

  private void check(String name, JsonNode found, JsonNode wanted) {
    total++;
    if (same(found, wanted)) {
      passed++;
    } else {
      System.err.printf("%s%n  found  %s%n  wanted %s%n", name, found, wanted);
    }
  }

  /** 1 and 1.0 are one number in JSON. */
  private static boolean same(JsonNode one, JsonNode other) {
    if (one == null || other == null || one.size() != other.size()) {
      return false;
    }
    if (one.isNumber() && other.isNumber()) {
      return Double.compare(one.asDouble(), other.asDouble()) == 0;
    }
    if (one.isObject() && other.isObject()) {
      for (Iterator<String> names = one.fieldNames(); names.hasNext(); ) {
        String name = names.next();
        if (!same(one.get(name), other.get(name))) {
          return false;
        }
      }
      return true;
    }
    if (one.isArray() && other.isArray()) {
      for (int index = 0; index < one.size(); index++) {
        if (!same(one.get(index), other.get(index))) {
          return false;
        }
      }
      return true;
    }
    return one.equals(other);
  }

  private static ObjectNode only(JsonNode from, String... names) {
    ObjectNode found = Document.JSON.createObjectNode();
    for (String name : names) {
      found.set(name, from.get(name));
    }
    return found;
  }

  private void queries(JsonNode cases) {
    for (int number = 0; number < cases.size(); number++) {
      JsonNode wanted = cases.get(number).get("task");
      Reading reading = at("queries", number, 0, wanted).queryOnce(wanted.get("task_id").asText());
      check("queries: " + cases.get(number).get("name"), Document.JSON.valueToTree(Task.of(reading.task())), wanted);
    }
  }

  private void errors(JsonNode cases) {
    for (int number = 0; number < cases.size(); number++) {
      JsonNode one = cases.get(number);
      boolean creates = one.get("operation").asText().equals("create");
      boolean fresh = one.get("fresh").asBoolean();
      JsonNode operation = creates ? Document.CREATE : Document.QUERY;
      Service service = at("errors", number, 0, one.get("answer"));
      VideoGenerationRequest request = new VideoGenerationRequest().prompt("dance").model(VideoModel.DOUBAO_SEEDANCE_1_0_PRO_250528);
      Reading reading = creates ? service.createOnce(request) : service.queryOnce("cgt-1");
      JsonNode row = reading.row(operation);
      String outcome = Reading.outcome(row, fresh);
      ObjectNode found = Document.JSON.createObjectNode();
      found.put("outcome", outcome).put("error", row.has("error") ? row.get("error").asText() : null);
      found.put("send_again", reading.mayRetry(operation, fresh)).put("code", reading.code());
      found.put("message", one.get("message").isNull() ? null : reading.message());
      found.put("request_id", reading.requestId()).put("retry_after", reading.retryAfter());
      found.put("task_id", outcome.equals("accepted") ? Reading.taskIdOf(reading.task()) : null);
      String[] names = {"outcome", "error", "send_again", "code", "message", "request_id", "retry_after", "task_id"};
      check("errors: " + one.get("name"), found, only(one, names));
    }
  }

  private void polling(JsonNode file) throws InterruptedException {
    for (int index = 0; index < file.get("cases").size(); index++) {
      int number = index;
      JsonNode one = file.get("cases").get(number);
      JsonNode answers = one.get("answers");
      JumpingClock clock = new JumpingClock();
      List<Task> seen = new ArrayList<>();
      int[] asked = {0};
      Service.Question question =
          () -> {
            int step = Math.min(asked[0]++, answers.size() - 1);
            return at("polling", number, step, answers.get(step)).queryOnce(file.get("task_id").asText());
          };
      String error = null;
      try {
        Service.await(question, one.get("timeout_seconds").asDouble(), one.get("fresh").asBoolean(), clock, seen::add);
      } catch (ServiceError raised) {
        error = raised.kind;
      }
      ObjectNode found = Document.JSON.createObjectNode();
      found.put("queries", asked[0]).put("error", error);
      found.put("state", seen.isEmpty() ? null : seen.get(seen.size() - 1).state());
      found.set("delays", Document.JSON.valueToTree(clock.slept));
      check("polling: " + one.get("name"), found, only(one, "delays", "queries", "error", "state"));
    }
  }

  private void downloads(JsonNode file) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("downloads-");
    for (int number = 0; number < file.get("cases").size(); number++) {
      JsonNode one = file.get("cases").get(number);
      ArrayNode asked = Document.JSON.createArrayNode();
      JumpingClock clock = new JumpingClock();
      int[] queries = {0};
      Download.Send send =
          (url, headers) -> {
            asked.addObject().put("url", url).put("range", headers.get("Range")).put("if_range", headers.get("If-Range"));
            return answer(one.at("/steps/" + (asked.size() - 1) + "/answer"), file.get("files"));
          };
      Supplier<String> newLink =
          () -> {
            queries[0]++;
            return one.get("new_link").textValue();
          };
      Path path = folder.resolve(number + ".mp4");
      String error = null;
      try {
        Download.download(one.get("url").asText(), path, send, newLink, clock);
      } catch (Download.Failed failed) {
        error = failed.kind;
      }
      ArrayNode steps = Document.JSON.createArrayNode();
      one.get("steps").forEach(step -> steps.add(step.get("request")));
      ObjectNode found = Document.JSON.createObjectNode();
      found.put("error", error).put("queries", queries[0]).set("asked", asked);
      found.set("delays", Document.JSON.valueToTree(clock.slept));
      found.put("content", error == null ? Base64.getEncoder().encodeToString(Files.readAllBytes(path)) : null);
      ObjectNode wanted = only(one, "error", "queries", "delays");
      wanted.set("asked", steps);
      wanted.set("content", one.get("content").isNull() ? one.get("content") : file.get("files").get(one.get("content").asText()));
      check("downloads: " + one.get("name"), found, wanted);
    }
  }

  /** An end that comes early is found by the length that was announced. */
  private static Download.Got answer(JsonNode answer, JsonNode files) throws IOException {
    if (answer.has("fault") || answer.isMissingNode()) {
      throw new IOException(answer.path("fault").asText("one request too many"));
    }
    Map<String, List<String>> headers = new HashMap<>();
    answer.get("headers").fieldNames().forEachRemaining(name -> headers.put(name, List.of(answer.at("/headers/" + name).asText())));
    byte[] whole = files.get(answer.get("file").asText()).binaryValue();
    int first = answer.get("first").asInt();
    InputStream body = new ByteArrayInputStream(whole, first, answer.get("stop").asInt() - first);
    return new Download.Got(answer.get("status").asInt(), headers, body);
  }

  private static final class JumpingClock implements Clock {
    final List<Double> slept = new ArrayList<>();

    @Override
    public double now() {
      return slept.stream().mapToDouble(Double::doubleValue).sum();
    }

    @Override
    public void sleep(double seconds) {
      slept.add(seconds);
    }

    @Override
    public double jitter() {
      return 0;
    }
  }
}
