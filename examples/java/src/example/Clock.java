package example;

/** Time, which a test may let jump. */
interface Clock {
  /** Seconds from a point of its own. */
  double now();

  void sleep(double seconds) throws InterruptedException;

  /** 0 to 1. */
  double jitter();

  Clock SYSTEM =
      new Clock() {
        @Override
        public double now() {
          return System.nanoTime() / 1e9;
        }

        @Override
        public void sleep(double seconds) throws InterruptedException {
          Thread.sleep((long) (seconds * 1000));
        }

        @Override
        public double jitter() {
          return Math.random();
        }
      };
}
