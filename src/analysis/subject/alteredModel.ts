import { alterationOf, type Alter } from "./subject.ts";
import type { LocalModel } from "../../model/localModel.ts";

import type { Batch } from "../../backbone/batch.ts";
import type { Observation } from "../../model/model.ts";
import type { TunedModel } from "../../model/model.ts";
import { alteredBatch, type InputSide } from "./alteredInput.ts";

/** The backbone as a model that only predicts: it receives each batch with its input altered. */
export class AlteredModel implements TunedModel {
  constructor(
    private readonly inner: LocalModel,
    private readonly side: InputSide,
    private readonly how: { alter: Alter; observe: ((observation: Observation, batch: Batch) => void) | undefined },
  ) {}
  private altered(batch: Batch): Batch {
    return alteredBatch(batch, this.side, alterationOf(this.how.alter, batch));
  }
  private observerOf(batch: Batch): ((observation: Observation) => void) | undefined {
    const { observe } = this.how;
    return (
      observe &&
      ((observation) => {
        observe(observation, batch);
      })
    );
  }
  step(): never {
    throw new Error("an altered input is not trained");
  }
  losses: TunedModel["losses"] = (_, batch) => this.inner.losses(new Map(), this.altered(batch));
  generate: TunedModel["generate"] = (_, batch, most) => this.inner.generate(new Map(), this.altered(batch), most);
  predict: TunedModel["predict"] = (_, batch, most) =>
    this.inner.predict(new Map(), this.altered(batch), most, this.observerOf(batch));
  scoreTargets: TunedModel["scoreTargets"] = (_, batch, targets) =>
    this.inner.scoreTargets(new Map(), this.altered(batch), targets, this.observerOf(batch));
  release(): Promise<void> {
    return Promise.resolve();
  }
}
