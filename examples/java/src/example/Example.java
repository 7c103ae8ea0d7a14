package example;

import java.nio.file.Path;
import video.unified.ApiResponse;
import video.unified.model.Duration;
import video.unified.model.VideoGenerationRequest;
import video.unified.model.VideoModel;
import video.unified.model.VideoTask;

/** From a prompt to a file; then a request that is refused. */
final class Example {
  private Example() {}

  public static void main(String[] arguments) throws Exception {
    Path output = Path.of(arguments.length > 0 ? arguments[0] : "video.mp4");
    Service service = new Service(System.getenv("UNIFIED_VIDEO_BASE_URL"), System.getenv("UNIFIED_VIDEO_API_KEY"));
    VideoGenerationRequest request =
        new VideoGenerationRequest().prompt("a cat dancing").model(VideoModel.DOUBAO_SEEDANCE_1_0_PRO_250528).duration(Duration.NUMBER_5).seed(7);
    String taskId = service.create(request, Clock.SYSTEM);
    System.out.println("created " + taskId);
    double timeout = Document.POLLING.get("timeout_seconds").asDouble();
    Task done =
        Service.await(() -> typed(service, taskId), timeout, true, Clock.SYSTEM, seen -> System.out.println(seen.status()));
    // The link leads to another host: no key goes there.
    Download.download(done.videoUrl(), output, Download::overHttp, () -> newLink(service, taskId), Clock.SYSTEM);
    System.out.println("saved " + output);
    try {
      service.create(request.seed(-1), Clock.SYSTEM);
    } catch (ServiceError error) {
      System.out.println("refused " + error.getMessage());
    }
  }

  private static String newLink(Service service, String taskId) {
    Reading found = service.queryOnce(taskId);
    return found.task() == null ? null : Task.of(found.task()).videoUrl();
  }

  /** What the generated types make of it: an unlisted status and a new field are no error. */
  private static Reading typed(Service service, String taskId) {
    return service.answered(
        () -> {
          ApiResponse<VideoTask> response = service.api.getVideoGenerationWithHttpInfo(taskId);
          VideoTask task = response.getData();
          System.out.println("typed " + task.getStatus() + " " + task.getAdditionalProperties());
          return response;
        });
  }
}
