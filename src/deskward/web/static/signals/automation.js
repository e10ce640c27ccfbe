// Reads whether a program drives the browser.
readers.automation = async () => {
  const marks = ["domAutomation", "domAutomationController", "callPhantom", "_phantom", "__nightmare", "_selenium"];
  const asked = async () => {
    const told = await navigator.permissions.query({ name: "notifications" });
    return Notification.permission === "denied" && told.state === "prompt";
  };
  return {
    webdriver: navigator.webdriver,
    automation_marks: marks.some((mark) => mark in window),
    permissions_contradict: await asked().catch(() => undefined),
    plugins: navigator.plugins?.length,
    outer_width: window.outerWidth,
  };
};
