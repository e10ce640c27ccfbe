// Reads what kind of device this is: touch, screen, cores and memory.
readers.screen = () => ({
  touch_points: navigator.maxTouchPoints,
  cores: navigator.hardwareConcurrency,
  memory: navigator.deviceMemory,
  screen_width: screen.width,
  screen_height: screen.height,
});
