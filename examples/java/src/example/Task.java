package example;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An answer to a query: only the id and the status can be relied on. Times are Unix seconds. */
record Task(
    @JsonProperty("task_id") String taskId,
    String status,
    String state,
    boolean done,
    Double progress,
    @JsonProperty("fail_reason") String failReason,
    @JsonProperty("fail_code") String failCode,
    @JsonProperty("submitted_at") Long submittedAt,
    @JsonProperty("started_at") Long startedAt,
    @JsonProperty("finished_at") Long finishedAt,
    @JsonProperty("video_url") String videoUrl,
    @JsonProperty("last_frame_url") String lastFrameUrl,
    JsonNode usage) {
  private static final String SUCCEEDED = "succeeded";
  private static final Pattern PERCENT = Pattern.compile("\\s*(\\d{1,9}(?:\\.\\d{1,9})?)\\s*%?\\s*");
  private static final Pattern CODED = Pattern.compile("\\s*\\[([^\\]]{1,200})\\]\\s*(.*)", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("https?://\\S+", Pattern.CASE_INSENSITIVE);
  private static final Pattern PICTURE = Pattern.compile(".*\\.(png|jpe?g|webp|gif|bmp)", Pattern.CASE_INSENSITIVE);

  private record Reason(String words, String code) {}

  private record Links(String lastFrame, String video) {}

  boolean hasSucceeded() {
    return state.equals(SUCCEEDED);
  }

  static Task of(JsonNode payload) {
    JsonNode inner = Reading.object(payload.get("data"));
    JsonNode data = inner == null ? Document.JSON.createObjectNode().set("output", payload.get("data")) : inner;
    JsonNode found = payload.has("status") ? payload.get("status") : data.get("status");
    String status = found == null || found.isNull() ? "" : found.asText();
    String state = Document.STATES.path(status.strip().toUpperCase(Locale.ROOT)).asText("unknown");
    boolean succeeded = state.equals(SUCCEEDED);
    Links links = succeeded ? links(payload, data) : new Links(null, null);
    Reason reason = succeeded ? new Reason(null, null) : reason(payload.get("fail_reason"));
    JsonNode usage = Reading.object(data.get("usage"));
    return new Task(
        Reading.taskIdOf(payload),
        status,
        state,
        Document.FINAL_STATES.contains(state) && (!succeeded || links.video != null),
        progress(payload.get("progress")),
        reason.words,
        reason.code,
        moment(payload.get("submit_time")),
        moment(payload.get("start_time")),
        moment(payload.get("finish_time")),
        links.video,
        links.lastFrame,
        usage == null ? Reading.object(payload.get("usage")) : usage);
  }

  private static Double progress(JsonNode value) {
    Matcher found = PERCENT.matcher(Reading.orEmpty(Reading.words(value)));
    return found.matches() ? Math.min(Double.parseDouble(found.group(1)) / 100, 1.0) : null;
  }

  /** 0 means not yet. */
  private static Long moment(JsonNode value) {
    String text = Reading.orEmpty(Reading.words(value));
    double seconds = text.matches("\\d{1,18}(\\.\\d{1,9})?") ? Double.parseDouble(text) : 0;
    return seconds > 0 ? (long) seconds : null;
  }

  private static Reason reason(JsonNode value) {
    Reading.Plain said = Reading.plainAndCode(value != null && value.isTextual() ? value.asText().strip() : "");
    String text = said.words();
    Matcher coded = CODED.matcher(text);
    if (coded.matches()) {
      String words = coded.group(2).strip();
      return new Reason(words.isEmpty() ? coded.group(1) : words, coded.group(1));
    }
    return new Reason(text.isEmpty() ? null : text, said.code());
  }

  private static Links links(JsonNode payload, JsonNode data) {
    ObjectNode beside = payload.deepCopy();
    beside.remove("data");
    String lastFrame = lastFrame(data, beside);
    List<String> videos = new ArrayList<>(linksIn(data, Document.VIDEO_LINKS));
    videos.addAll(linksIn(beside, Document.VIDEO_LINKS));
    videos.addAll(linksIn(payload.get("fail_reason"), List.of()));
    String video =
        videos.stream().filter(link -> !link.equals(lastFrame) && !isPicture(link)).findFirst().orElse(null);
    return new Links(lastFrame, video);
  }

  private static String lastFrame(JsonNode data, JsonNode beside) {
    String name = Document.LAST_FRAME_LINKS.get(0);
    List<String> places = Document.LAST_FRAME_LINKS.subList(1, Document.LAST_FRAME_LINKS.size());
    List<JsonNode> holders = new ArrayList<>(List.of(data, beside));
    holders.addAll(objectsIn(data, places));
    holders.addAll(objectsIn(beside, places));
    return holders.stream().flatMap(one -> linksIn(one.get(name), List.of("url")).stream()).findFirst().orElse(null);
  }

  private static List<JsonNode> objectsIn(JsonNode holder, List<String> places) {
    List<JsonNode> found = new ArrayList<>();
    for (String place : places) {
      JsonNode value = holder.path(place);
      (value.isArray() ? value : List.of(value)).forEach(one -> {
        if (one.isObject()) {
          found.add(one);
        }
      });
    }
    return found;
  }

  private static List<String> linksIn(JsonNode value, List<String> names) {
    List<String> found = new ArrayList<>();
    if (value != null && value.isTextual() && LINK.matcher(value.asText().strip()).matches()) {
      found.add(value.asText().strip());
    } else if (value != null && value.isArray()) {
      value.forEach(item -> found.addAll(linksIn(item, names)));
    } else if (value != null && value.isObject()) {
      names.forEach(name -> found.addAll(linksIn(value.get(name), names)));
    }
    return found;
  }

  private static boolean isPicture(String link) {
    return PICTURE.matcher(link.split("[?#]", 2)[0]).matches();
  }
}
