import { openMethodGolden } from "./methodGolden.ts";

// A process of its own computes goldens on WebGPU: the driver is named by the environment that it starts with. One line
// of JSON a golden.
for (const each of process.argv.slice(2)) {
  const [model, name] = each.split("/") as [string, string];
  const { tuned, parameters, json, batch } = openMethodGolden(model, name, {
    device: "webgpu",
    threads: 0,
    replicas: 1,
  });
  const { loss, gradients } = await tuned.step(parameters, batch, {
    lossScale: 1 / batch.labels.filter((id) => id >= 0).length,
  });
  const generated = await tuned.generate(parameters, batch, json.greedy!.max_new_tokens);
  console.log(
    JSON.stringify({
      model,
      name,
      device: tuned.device,
      loss,
      gradients: Object.fromEntries([...gradients].map(([key, values]) => [key, [...values]])),
      generated,
    }),
  );
  await tuned.release();
}
