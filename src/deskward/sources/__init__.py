"""Systems that know what people can be asked about: one file per source, its class named `QuestionSource`."""
