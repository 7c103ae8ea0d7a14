package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The tables of the OpenAPI document that say how to behave. Nothing of them is repeated in code. */
final class Document {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNode ALL = load();
  static final JsonNode CREATE = ALL.at("/paths/~1v2~1videos~1generations/post");
  static final JsonNode QUERY = ALL.at("/paths/~1v2~1videos~1generations~1{task_id}/get");
  static final JsonNode POLLING = QUERY.get("x-polling");
  private static final JsonNode SCHEMAS = ALL.at("/components/schemas");
  static final JsonNode STATES = SCHEMAS.at("/TaskStatus/x-states");
  static final List<String> FINAL_STATES = texts(SCHEMAS.at("/TaskStatus/x-final-states"));
  static final List<String> SUCCESS_CODES = texts(SCHEMAS.at("/TaskError/x-success-codes"));
  static final List<String> VIDEO_LINKS = texts(SCHEMAS.at("/VideoTaskData/x-links/video"));
  static final List<String> LAST_FRAME_LINKS = texts(SCHEMAS.at("/VideoTaskData/x-links/last_frame"));
  static final List<String> REQUEST_ID_HEADERS = texts(ALL.at("/components/responses/Error/x-request-id-headers"));

  private Document() {}

  /** document.json is the document as JSON: openapi/released/unified_video-….json, or `unified-video spec --json`. */
  private static JsonNode load() {
    try (InputStream found = Document.class.getResourceAsStream("/document.json")) {
      return JSON.readTree(found);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  static List<String> texts(JsonNode list) {
    List<String> found = new ArrayList<>();
    list.forEach(one -> found.add(one.asText()));
    return found;
  }
}
