package example;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The file behind a link, as `x-download` says: resumed, checked, and under its name only when it is whole. */
final class Download {
  /** An answer; header names in any letter case. */
  record Got(int status, Map<String, List<String>> headers, InputStream body) {
    String header(String name) {
      Map<String, List<String>> named = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      named.putAll(headers);
      return Reading.header(named, name);
    }
  }

  /** One request, without the key; follows no redirect. */
  @FunctionalInterface
  interface Send {
    Got to(String url, Map<String, String> headers) throws IOException, InterruptedException;
  }

  /** Bears the document's class of error as its kind. */
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1L;

    final String kind;

    Failed(String kind, String reason) {
      super(kind + ": " + reason);
      this.kind = kind;
    }
  }

  private record Try(JsonNode row, String reason, Double retryAfter) {
    boolean is(String outcome) {
      return row.get("outcome").asText().equals(outcome);
    }
  }

  private static final JsonNode POLICY = Document.QUERY.get("x-download");
  private static final JsonNode RETRY = Document.QUERY.get("x-retry");

  private final Send send;
  private final FileChannel file;
  private long size;
  private long announced;

  /** What tells this file from another one at the same place; null for nothing. */
  private String validator;

  private Download(Send send, FileChannel file) {
    this.send = send;
    this.file = file;
  }

  /**
   * @param newLink asks the task for its link again; null for none
   */
  static void download(String link, Path path, Send send, Supplier<String> newLink, Clock clock)
      throws IOException, InterruptedException, Failed {
    Path part = path.resolveSibling(path.getFileName() + ".part");
    StandardOpenOption[] options = {StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE};
    try (FileChannel file = FileChannel.open(part, options)) {
      new Download(send, file).tries(link, newLink, clock);
    }
    Files.move(part, path, StandardCopyOption.REPLACE_EXISTING);
  }

  static Got overHttp(String url, Map<String, String> headers) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).header("Accept-Encoding", "identity");
    headers.forEach(request::header);
    HttpResponse<InputStream> response = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    return new Got(response.statusCode(), response.headers().map(), response.body());
  }

  private void tries(String first, Supplier<String> newLink, Clock clock) throws IOException, InterruptedException, Failed {
    String link = first;
    int queries = 0;
    restart(null, -1);
    for (int attempt = 1; ; ) {
      Try found = once(link);
      if (found.is("received")) {
        return;
      }
      String fresh = found.is("link_expired") && queries++ < POLICY.get("queries_for_new_link").asInt() ? newLink.get() : null;
      if (fresh != null) {
        link = fresh;
        continue;
      }
      double asked = found.retryAfter == null ? 0 : found.retryAfter;
      boolean mayTry = found.is("transient") || found.is("restart");
      if (!mayTry || attempt >= RETRY.get("attempts").asInt() || asked > RETRY.get("longest_retry_after_seconds").asDouble()) {
        throw new Failed(found.row.get("error").asText(), found.reason);
      }
      if (found.is("restart")) {
        restart(null, -1);
      }
      double pause = RETRY.get("base_seconds").asDouble() * Math.pow(RETRY.get("factor").asDouble(), attempt - 1);
      pause = Math.min(RETRY.get("cap_seconds").asDouble(), pause) * (1 + RETRY.get("jitter").asDouble() * clock.jitter());
      clock.sleep(Math.max(pause, asked));
      attempt++;
    }
  }

  private Try once(String link) throws IOException, InterruptedException {
    String url = link;
    for (int redirects = 0; ; redirects++) {
      Got got;
      try {
        got = send.to(url, range());
      } catch (IOException error) {
        return new Try(row("broken"), "no answer", null);
      }
      try (InputStream body = got.body) {
        JsonNode row = rowFor(got.status);
        Try found = new Try(row, "HTTP " + got.status, Reading.retryAfter(got.headers));
        if (found.is("received")) {
          return take(got, body);
        }
        if (!found.is("redirected")) {
          return found;
        }
        String next = target(url, got.header("Location"));
        if (next == null || redirects >= POLICY.get("most_redirects").asInt()) {
          return new Try(row("refused"), "a redirect that is not followed", null);
        }
        url = next;
      }
    }
  }

  private Map<String, String> range() {
    return size == 0 || validator == null ? Map.of() : Map.of("Range", "bytes=" + size + "-", "If-Range", validator);
  }

  /** Null where a redirect leads nowhere, or from https to http. */
  private static String target(String from, String location) {
    try {
      URI next = location == null ? null : URI.create(from).resolve(location);
      boolean fine = next != null && (next.getScheme().equals("https") || (next.getScheme().equals("http") && from.startsWith("http:")));
      return fine ? next.toString() : null;
    } catch (IllegalArgumentException error) {
      return null;
    }
  }

  private static JsonNode rowFor(int status) {
    for (JsonNode row : POLICY.get("outcomes")) {
      if (!row.has("fault") && Reading.statusFits(row, status)) {
        return row;
      }
    }
    return row("refused");
  }

  /** The row of a fault, or the first one with this outcome. */
  private static JsonNode row(String name) {
    for (JsonNode row : POLICY.get("outcomes")) {
      if (row.path(row.has("fault") ? "fault" : "outcome").asText().equals(name)) {
        return row;
      }
    }
    throw new IllegalStateException("the document has no row " + name);
  }

  private void restart(String newValidator, long newAnnounced) throws IOException {
    size = 0;
    validator = newValidator;
    announced = newAnnounced;
    file.truncate(0);
  }

  private Try take(Got got, InputStream body) throws IOException {
    String found = validatorOf(got);
    String length = got.header("Content-Length");
    if (got.status != 206) {
      restart(found, length == null ? -1 : Long.parseLong(length));
    } else if (found == null || !found.equals(validator) || !Reading.orEmpty(got.header("Content-Range")).startsWith("bytes " + size + "-")) {
      return new Try(row("restart"), "a part of another file", null);
    }
    if (!isCopied(body) || size < announced) {
      return new Try(row("broken"), "the end is missing", null);
    }
    String fault = fault();
    return fault.isEmpty() ? new Try(row("received"), "", null) : new Try(row("refused"), fault, null);
  }

  /** False where the connection broke; what is wrong with this machine's disk comes out. */
  private boolean isCopied(InputStream body) throws IOException {
    byte[] chunk = new byte[1 << 16];
    while (true) {
      int count;
      try {
        count = body.read(chunk);
      } catch (IOException error) {
        return false;
      }
      if (count < 0) {
        return true;
      }
      ByteBuffer left = ByteBuffer.wrap(chunk, 0, count);
      while (left.hasRemaining()) {
        size += file.write(left, size);
      }
    }
  }

  /** A weak ETag does not tell one byte from another. */
  private static String validatorOf(Got got) {
    String tag = got.header("ETag");
    return tag != null && tag.startsWith("\"") ? tag : got.header("Last-Modified");
  }

  /** "" where the top-level boxes of an mp4 are whole, end with the file, and have moov among them. */
  private String fault() throws IOException {
    boolean hasMoov = false;
    for (long at = 0; at < size; ) {
      ByteBuffer head = ByteBuffer.allocate(16);
      int count = file.read(head, at);
      if (count < 8) {
        return "the last box is cut";
      }
      long length = Integer.toUnsignedLong(head.getInt(0));
      if (length == 0) {
        length = size - at;
      } else if (length == 1 && count == 16) {
        length = head.getLong(8);
      }
      if (length < 8 || length > size - at) {
        return "it is no mp4, or its end is missing";
      }
      hasMoov |= head.getInt(4) == 0x6d6f6f76; // "moov"
      at += length;
    }
    return hasMoov ? "" : "it has no moov, so it is no video";
  }
}
