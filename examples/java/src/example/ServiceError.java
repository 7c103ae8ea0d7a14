package example;

/** An error of the class that the document names. */
final class ServiceError extends Exception {
  private static final long serialVersionUID = 1L;

  final String kind;
  final transient Task task;

  ServiceError(String kind, Reading reading, Task task) {
    super(kind + ": HTTP " + reading.status() + " " + Reading.orEmpty(reading.fault()) + reading.message());
    this.kind = kind;
    this.task = task;
  }
}
