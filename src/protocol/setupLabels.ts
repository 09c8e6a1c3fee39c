import type { Translate } from "./translate.ts";

/**
 * The texts of the setup page. The host makes them, since the page cannot translate.
 * @param t translates a text
 */
export function setupLabels(t: Translate) {
  return { ...dataLabels(t), ...previewLabels(t), ...modelLabels(t), ...trainingLabels(t) };
}

export type SetupLabels = Readonly<ReturnType<typeof setupLabels>>;

function dataLabels(t: Translate) {
  return {
    title: t("New ADePT experiment"),
    data: t("Data"),
    otherData: t("Other data…"),
    sample: t("Sample: spam or ham mail"),
    rows: t("{0} examples"),
    firstRows: t("{0} examples looked at; the file has more"),
    reading: t("Reading the data…"),
    readAgain: t("Try Again"),
    headerless: t(
      "The first line was taken for the columns' names, but it looks like an example. If it is one, write a line of names above it.",
    ),
    column: t("Column"),
    use: t("Use"),
    input: t("Input"),
    output: t("Output"),
    other: t("Not used"),
    distinct: t("Different values"),
    first: t("First value"),
    source: t("Input template"),
    target: t("Output template"),
    readAs: t("Read the rows as"),
    asChat: t("Conversations"),
    asColumns: t("Columns in templates of your own"),
    form: t("Form of the prompt"),
    chatForm: t("Chat: the model's own chat template"),
    chatFormMissing: t("Chat (this model has no chat template)"),
    plainForm: t("Plain: the text, then the answer"),
    trainOn: t("Trained answers"),
    allAnswers: t("All answers of the assistant"),
    lastAnswer: t("Only the last answer"),
    system: t("System prompt, where the data have none"),
    templateNote: t('Your words, with columns in braces, as in "premise: {0}".'),
  };
}

function previewLabels(t: Translate) {
  return {
    preview: t("As the model reads it"),
    previewNote: t("The first examples, cut into tokens. A space belongs to the token that follows it."),
    cut: t("{0} more tokens are not read"),
    answer: t("Answer"),
    previewSequence: t(
      "The first examples, cut into tokens, as one sequence. The marked tokens are trained: the model learns to write them.",
    ),
    leftOut: t("… {0} tokens are left out …"),
    answerLeftOut: t("{0} more tokens of the answer are cut"),
    labels: t("Labels"),
    label: t("Label"),
    count: t("Examples"),
    share: t("Share"),
    manyLabels: t("{0} different answers; the commonest:"),
    sampled: t("of {0} sampled"),
    lengths: t("Half of the examples have at most {0} tokens, 95 % at most {1}, the longest {2}."),
    targetLengths: t("Of the answers half have at most {0} tokens, 95 % at most {1}, the longest {2}."),
    truncated: t("{0} of {1} examples are longer and will be cut."),
    raise: t("Read up to {0} tokens"),
    raiseTarget: t("Answers of up to {0} tokens"),
    targetsTruncated: t("{0} answers are longer than {1} tokens and will be cut."),
    noneCut: t("No example is cut."),
  };
}

function modelLabels(t: Translate) {
  return {
    backbone: t("Backbone"),
    embedded: t("tiny-t5, embedded: for a first try, in minutes"),
    embeddedPurpose: t(
      "It has 2.4 M parameters: it sorts mails, but on sentiment it stays near chance, and it writes no longer answers.",
    ),
    useModel: t("Download and Use It"),
    useDownloaded: t("Use {0}"),
    folder: t("A folder with a supported Hugging Face model…"),
    file: t("A GGUF file…"),
    hub: t("From the Hugging Face Hub…"),
    width: t("{0} frozen parameters, width {1}"),
    ggufFile: t("GGUF file, architecture {0}, {1}"),
    budget: t("Trainable parameters"),
    sizes: t("Prompt of {0} tokens, {1} hidden units: {2} parameters, {3} % of the backbone"),
    tooSmall: t("Too few for a prompt and one hidden unit"),
    solving: t("Solving for the sizes…"),
  };
}

function trainingLabels(t: Translate) {
  return {
    training: t("Training"),
    steps: t("Steps"),
    name: t("Name"),
    passes: t("{0} times over the training examples, in batches of {1}"),
    forecast: t("Forecast"),
    measuring: t("Measuring a few real steps on this machine…"),
    forecastText: t("{0} in all, {1} a step; {2} of memory"),
    stopMeasuring: t("Stop Measuring"),
    measureAgain: t("Measure"),
    notMeasured: t("Not measured."),
    memoryNeeded: t("Needs about {0} of memory; {1} is free."),
    memoryShort: t("This machine has {0} free: it may not be enough."),
    forecastNone: t("Measured when the form is complete."),
    write: t("Write Experiment File"),
    train: t("Write and Train"),
    incomplete: t("Something is missing: see above."),
    checking: t("Looking at the data before it is written…"),
    required: t("Give it a name."),
    tooLong: t("A name of at most {0} characters"),
    wholeNumber: t("A whole number from 1 to {0}"),
    table: t("Columns of the data"),
  };
}
