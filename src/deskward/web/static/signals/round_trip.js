// Measures how long a message to us and back takes, without the time to connect; the least of a few counts.
readers.round_trip = async () => {
  const url = new URL("/collect/ping", location).href;
  const ask = async () => {
    for (let n = 0; n < 5; n++) await fetch(url, { cache: "no-store" });
  };
  await Promise.race([ask(), new Promise((done) => setTimeout(done, 600))]);
  const taken = performance.getEntriesByName(url).filter((one) => one.responseStart > 0);
  const least = Math.min(...taken.map((one) => one.responseStart - one.requestStart));
  return Number.isFinite(least) ? { round_trip: Math.round(least * 10) / 10 } : {};
};
