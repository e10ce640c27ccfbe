// Reads how “Continue” was pressed: this one press, and nothing that was typed.
readers.input = ({ press }) => ({
  press_trusted: press.isTrusted,
  press_by: press.detail ? press.pointerType : "keyboard",
  press_seconds: Math.round(press.timeStamp / 100) / 10,
});
