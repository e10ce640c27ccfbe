// Reads the names of graphics card and driver; nothing is drawn.
readers.renderer = () => {
  const gl = document.createElement("canvas").getContext("webgl");
  const more = gl.getExtension("WEBGL_debug_renderer_info");
  const told = {
    gpu_vendor: gl.getParameter(more ? more.UNMASKED_VENDOR_WEBGL : gl.VENDOR),
    gpu_renderer: gl.getParameter(more ? more.UNMASKED_RENDERER_WEBGL : gl.RENDERER),
  };
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return told;
};
