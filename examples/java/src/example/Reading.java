package example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * One answer, or none, in plain data; and the row of `x-outcomes` that decides what it means.
 *
 * @param fault "not_connected" or "broken", null for an answer
 * @param task the object that holds the task id: the payload, or the data in it; null for none
 */
record Reading(
    String fault, int status, JsonNode task, boolean isError, String code, String message, String requestId, Double retryAfter) {
  private static final ObjectReader JSON = Document.JSON.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private record Said(String code, String message, boolean isError) {}

  record Plain(String words, String code) {}

  static Reading ofFault(String fault) {
    return new Reading(fault, 0, null, false, null, "", null, null);
  }

  static Reading of(int status, Map<String, List<String>> headers, String body) {
    Map<String, List<String>> named = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    named.putAll(headers);
    JsonNode payload = object(parsed(body));
    Said said = errorIn(payload);
    String requestId =
        Document.REQUEST_ID_HEADERS.stream().map(name -> header(named, name)).filter(Objects::nonNull).findFirst().orElse(null);
    return new Reading(
        null, status, withTaskId(payload), said.isError, said.code, said.message, requestId, retryAfter(named));
  }

  static String header(Map<String, List<String>> headers, String name) {
    List<String> found = headers.get(name);
    return found == null || found.isEmpty() ? null : found.get(0);
  }

  private static JsonNode parsed(String text) {
    try {
      return text == null ? null : JSON.readTree(text);
    } catch (JsonProcessingException error) {
      return null;
    }
  }

  /** The value where it is a JSON object, else null. */
  static JsonNode object(JsonNode value) {
    return value != null && value.isObject() ? value : null;
  }

  static JsonNode member(JsonNode object, String name) {
    return object == null ? null : object.get(name);
  }

  static String words(JsonNode value) {
    return value != null && (value.isTextual() || value.isNumber()) ? value.asText() : null;
  }

  static String taskIdOf(JsonNode task) {
    String found = words(member(task, "task_id"));
    return found == null || found.isBlank() || found.equals(".") || found.equals("..") ? "" : found;
  }

  private static JsonNode withTaskId(JsonNode payload) {
    if (!taskIdOf(payload).isEmpty()) {
      return payload;
    }
    JsonNode data = object(member(payload, "data"));
    return taskIdOf(data).isEmpty() ? null : data;
  }

  private static Said errorIn(JsonNode payload) {
    JsonNode inner = member(payload, "error");
    if (object(inner) != null) {
      String code = words(inner.get("code"));
      String said = orEmpty(words(inner.get("message")));
      String message = plain(said.isEmpty() ? orEmpty(words(inner.get("type"))) : said);
      return new Said(code, message, !orEmpty(code).isEmpty() || !message.isEmpty());
    }
    String code = words(member(payload, "code"));
    if (inner != null && inner.isTextual() && !inner.asText().isEmpty()) {
      return new Said(code, plain(inner.asText()), true);
    }
    String message = words(member(payload, "message"));
    boolean isError = code != null && message != null && !Document.SUCCESS_CODES.contains(code.toLowerCase(Locale.ROOT));
    return new Said(isError ? code : null, plain(orEmpty(message)), isError);
  }

  static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  /** The words in a message that may be the upstream's JSON as a string. */
  static String plain(String text) {
    return plainAndCode(text).words();
  }

  /** The same, and the code that stands beside the words. */
  static Plain plainAndCode(String text) {
    String found = text;
    String code = null;
    for (int depth = 0; depth < 3 && found.stripLeading().startsWith("{"); depth++) {
      JsonNode outer = object(parsed(found));
      JsonNode error = member(outer, "error");
      JsonNode next = text(member(outer, "message"), member(object(error), "message"), error);
      if (next == null) {
        break;
      }
      String beside = words(member(text(member(outer, "message")) == null && object(error) != null ? error : outer, "code"));
      code = beside == null ? code : beside;
      found = next.asText();
    }
    return new Plain(found, code);
  }

  private static JsonNode text(JsonNode... candidates) {
    for (JsonNode one : candidates) {
      if (one != null && one.isTextual()) {
        return one;
      }
    }
    return null;
  }

  static Double retryAfter(Map<String, List<String>> given) {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    headers.putAll(given);
    String value = orEmpty(header(headers, "Retry-After")).strip();
    if (value.matches("\\d+(\\.\\d+)?")) {
      return Double.valueOf(value);
    }
    Instant until = date(value);
    if (until == null) {
      return null;
    }
    Instant sent = date(orEmpty(header(headers, "Date")));
    return Math.max(0.0, Duration.between(sent == null ? Instant.now() : sent, until).toMillis() / 1000.0);
  }

  private static Instant date(String text) {
    try {
      return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
    } catch (DateTimeException error) {
      return null;
    }
  }

  /** The first row that fits. */
  JsonNode row(JsonNode operation) {
    JsonNode broken = null;
    for (JsonNode row : operation.get("x-outcomes")) {
      if (fits(row)) {
        return row;
      }
      broken = row.path("fault").asText().equals("broken") ? row : broken;
    }
    return broken;
  }

  private boolean fits(JsonNode row) {
    if (fault != null || row.has("fault")) {
      return row.path("fault").asText().equals(orEmpty(fault));
    }
    return statusFits(row, status) && bodyFits(row.path("body").asText()) && saysSo(row.path("says"));
  }

  static boolean statusFits(JsonNode row, int status) {
    List<String> statuses = Document.texts(row.get("statuses"));
    return statuses.contains(String.valueOf(status)) || statuses.contains(status / 100 + "XX");
  }

  private boolean bodyFits(String body) {
    return body.isEmpty() || (body.equals("task") ? task != null : isError);
  }

  private boolean saysSo(JsonNode says) {
    if (says.isMissingNode() || Document.texts(says.get("codes")).contains(orEmpty(code).toLowerCase(Locale.ROOT))) {
      return true;
    }
    int flags = Pattern.CASE_INSENSITIVE | Pattern.DOTALL;
    return says.has("message") && Pattern.compile(says.get("message").asText(), flags).matcher(message).find();
  }

  static String outcome(JsonNode row, boolean fresh) {
    return fresh && row.has("while_fresh") ? row.get("while_fresh").asText() : row.get("outcome").asText();
  }

  /** Whether a client with tries left sends the request again. */
  boolean mayRetry(JsonNode operation, boolean fresh) {
    String passing = operation == Document.CREATE ? "not_accepted" : "transient";
    double longest = operation.at("/x-retry/longest_retry_after_seconds").asDouble();
    return outcome(row(operation), fresh).equals(passing) && (retryAfter == null || retryAfter <= longest);
  }
}
