// Reads what the browser says of itself to scripts, to compare with what it says in headers.
readers.client_hints = () => ({
  script_agent: navigator.userAgent.slice(0, 300),
  script_platform: navigator.platform,
  hinted_platform: navigator.userAgentData?.platform,
  hinted_mobile: navigator.userAgentData?.mobile,
});
