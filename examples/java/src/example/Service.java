package example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import video.unified.ApiClient;
import video.unified.ApiException;
import video.unified.ApiResponse;
import video.unified.api.VideosApi;
import video.unified.model.VideoGenerationRequest;

/** Create, query and wait, over the generated client. */
final class Service {
  final VideosApi api;
  private final Remembering mapper = new Remembering();

  Service(String baseUrl, String key) {
    HttpClient.Builder http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    ApiClient client = new ApiClient(http, mapper, baseUrl);
    client.setConnectTimeout(Duration.ofSeconds(10)).setReadTimeout(Duration.ofSeconds(60));
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + key));
    api = new VideosApi(client);
  }

  /** Keeps the text that the generated code parses: it throws the body away where it does not fit the types. */
  private static final class Remembering extends ObjectMapper {
    private static final long serialVersionUID = 1L;

    private String last = "";

    Remembering() {
      super(ApiClient.createDefaultObjectMapper());
    }

    @Override
    public ObjectMapper copy() {
      return this; // the generated client asks for a copy, which would remember for itself
    }

    @Override
    public <T> T readValue(String content, TypeReference<T> type) throws JsonProcessingException {
      last = content;
      return super.readValue(content, type);
    }
  }

  @FunctionalInterface
  interface Call<T> {
    ApiResponse<T> get() throws ApiException;
  }

  @FunctionalInterface
  interface Question {
    Reading ask();
  }

  Reading createOnce(VideoGenerationRequest request) {
    return answered(() -> api.createVideoGenerationWithHttpInfo(request));
  }

  Reading queryOnce(String taskId) {
    return answered(() -> api.getVideoGenerationWithHttpInfo(taskId));
  }

  /** One exchange; a client has one at a time. */
  synchronized <T> Reading answered(Call<T> call) {
    mapper.last = "";
    try {
      ApiResponse<T> response = call.get();
      return Reading.of(response.getStatusCode(), response.getHeaders(), mapper.last);
    } catch (ApiException error) {
      if (error.getCause() instanceof JsonProcessingException) {
        return Reading.of(200, Map.<String, List<String>>of(), mapper.last);
      }
      if (error.getCode() != 0) {
        return Reading.of(error.getCode(), error.getResponseHeaders().map(), error.getResponseBody());
      }
      Throwable cause = error.getCause();
      boolean unconnected = cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
      return Reading.ofFault(unconnected ? "not_connected" : "broken");
    }
  }

  /** Sends once, and again only what was surely not accepted. */
  String create(VideoGenerationRequest request, Clock clock) throws ServiceError, InterruptedException {
    JsonNode policy = Document.CREATE.get("x-retry");
    for (int attempt = 1; ; attempt++) {
      Reading reading = createOnce(request);
      JsonNode row = reading.row(Document.CREATE);
      if (Reading.outcome(row, false).equals("accepted")) {
        return Reading.taskIdOf(reading.task());
      }
      if (attempt >= policy.get("attempts").asInt() || !reading.mayRetry(Document.CREATE, false)) {
        throw new ServiceError(row.path("error").asText(), reading, null);
      }
      double grown = policy.get("base_seconds").asDouble() * Math.pow(policy.get("factor").asDouble(), attempt - 1.0);
      double pause = Math.min(policy.get("cap_seconds").asDouble(), grown);
      clock.sleep(longer(pause * (1 + policy.get("jitter").asDouble() * clock.jitter()), reading.retryAfter()));
    }
  }

  private static double longer(double pause, Double retryAfter) {
    return retryAfter == null ? pause : Math.max(pause, retryAfter);
  }

  /** Asks until the task has ended; `x-polling` says when. Fresh: the task was created just now. */
  static Task await(Question question, double timeout, boolean fresh, Clock clock, Consumer<Task> onUpdate)
      throws ServiceError, InterruptedException {
    JsonNode policy = Document.POLLING;
    JsonNode pauses = policy.get("pauses_seconds");
    double began = clock.now();
    Task seen = null;
    int missing = 0;
    for (int poll = 0; ; poll++) {
      Reading reading = question.ask();
      JsonNode row = reading.row(Document.QUERY);
      boolean isFresh = fresh && clock.now() - began < policy.get("fresh_seconds").asDouble();
      String outcome = Reading.outcome(row, isFresh);
      if (outcome.equals("answered")) {
        seen = Task.of(reading.task());
        onUpdate.accept(seen);
      } else if (!outcome.equals("transient")) {
        throw new ServiceError(row.path("error").asText(), reading, seen);
      }
      double left = began + timeout - clock.now();
      boolean lacking = seen != null && seen.hasSucceeded() && !seen.done();
      missing += lacking ? 1 : 0;
      if (seen != null && seen.done()) {
        return ended(seen, reading);
      }
      if (left <= 0 || missing > policy.get("queries_for_missing_video").asInt()) {
        throw new ServiceError(lacking ? "ResultMissing" : "WaitTimeout", reading, seen);
      }
      double pause = pauses.get(Math.min(poll, pauses.size() - 1)).asDouble();
      double spread = pause * (1 + policy.get("jitter").asDouble() * clock.jitter());
      clock.sleep(Math.min(longer(spread, reading.retryAfter()), left));
    }
  }

  private static Task ended(Task task, Reading reading) throws ServiceError {
    if (!task.hasSucceeded()) {
      throw new ServiceError("TaskFailed", reading, task);
    }
    return task;
  }
}
