// Reads the languages that the browser is set to.
readers.languages = () => ({ languages: [...navigator.languages].slice(0, 20) });
