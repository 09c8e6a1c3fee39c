import type { ChatMessage } from "../../base/chatMessage.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, verbatim, type Phrase } from "../../base/phrase.ts";
import { parseJinja, renderJinja, TemplateRaised, TemplateTooCostly } from "./guardedJinja.ts";
import type { SpecialTokens, TokenizerConfig } from "./tokenizerConfig.ts";

/** How a conversation is rendered. */
export interface RenderOptions {
  /** Whether the beginning of an answer follows the last turn. */
  addGenerationPrompt: boolean;
  /** Descriptions of the tools that the model may call, as the row has them. */
  tools?: readonly unknown[] | undefined;
  /** The file and line of the conversation, for messages. */
  place?: string;
}

const ACTION = phrase`Give a template of your own as prompt.template, or take prompt.form "plain".`;
const MOST_SAID = 500;

/** What stopped a template, in words. */
function reasonOf(error: unknown): Phrase {
  if (error instanceof TemplateTooCostly)
    return error.message === "time"
      ? phrase`it takes more time than a conversation needs`
      : phrase`it is larger, or makes larger texts, than a conversation needs`;
  if (error instanceof RangeError) return phrase`it nests too deeply, or makes too long a text`;
  return verbatim((error as Error).message.slice(0, MOST_SAID));
}

/** A chat template: a Jinja program that writes a conversation as the text that a model was trained on. */
export class ChatTemplate {
  private readonly program: ReturnType<typeof parseJinja>;

  /**
   * @param place names the template in messages: its file, or the key of the experiment
   * @throws UserError where it is no template that can be used
   */
  constructor(
    template: string,
    private readonly tokens: SpecialTokens,
    private readonly place: string,
  ) {
    try {
      this.program = parseJinja(template);
    } catch (error) {
      throw new UserError(
        "chat-template-malformed",
        phrase`The chat template of ${place} cannot be read: ${reasonOf(error)}`,
        ACTION,
      );
    }
  }

  /** @param row where the conversation is, for messages */
  private refused({ message }: TemplateRaised, row: string | undefined): UserError {
    const why = message.slice(0, MOST_SAID);
    const told = (which: Phrase): Phrase => phrase`The chat template of ${this.place} refuses ${which}: ${why}`;
    const bare = phrase`the conversation`;
    const error = new UserError(
      "chat-template-refused",
      told(row === undefined ? bare : phrase`the conversation of ${row}`),
      phrase`Change the conversation as it says (such as no system turn, or user and assistant in turn), or give a template of your own as prompt.template.`,
    );
    error.bare = told(bare);
    return error;
  }

  /**
   * Writes a conversation as text, special tokens included.
   * @throws UserError saying why the template refuses it
   */
  render(messages: readonly ChatMessage[], { addGenerationPrompt, tools, place }: RenderOptions): string {
    try {
      return renderJinja(this.program, {
        ...this.tokens,
        messages,
        tools: tools ?? null,
        documents: null,
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (error) {
      if (error instanceof TemplateRaised) throw this.refused(error, place);
      throw new UserError(
        "chat-template-failed",
        phrase`The chat template of ${this.place} cannot be rendered: ${reasonOf(error)}`,
        ACTION,
      );
    }
  }
}

/**
 * The chat template of a model, or the user's own.
 * @param own a template given instead of the model's
 * @throws UserError where there is none, or it cannot be used
 */
export function chatTemplateOf(
  folder: string,
  { templates, templateFile, specialTokens }: TokenizerConfig,
  own?: string,
): { template: ChatTemplate; withTools: ChatTemplate } {
  if (own !== undefined) {
    const template = new ChatTemplate(own, specialTokens, "prompt.template");
    return { template, withTools: template };
  }
  const usual = templates["default"] ?? Object.values(templates)[0];
  if (usual === undefined)
    throw new UserError(
      "chat-template-missing",
      phrase`${folder}: the tokenizer has no chat template`,
      phrase`Take prompt.form "plain", give a template of your own as prompt.template, or take a model that is tuned for chat (often named Instruct or Chat).`,
    );
  const place = templateFile ?? folder;
  const template = new ChatTemplate(usual, specialTokens, place);
  const tools = templates["tool_use"];
  return { template, withTools: tools === undefined ? template : new ChatTemplate(tools, specialTokens, place) };
}
