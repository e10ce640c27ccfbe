// Reads the time zone and the clock's offset from UTC, in minutes to the east.
readers.time_zone = () => ({
  time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  offset: -new Date().getTimezoneOffset(),
});
