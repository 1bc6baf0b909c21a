// three.js and three-vrm-animation on clip files: node three_reads.mjs OUT.json FILE:FPS:FRAMES ... writes, by file,
// joint positions of each frame, tags, morph weights, and of a .vrma what the VRM loader makes of it.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

globalThis.self = globalThis;
const THREE = await import("three");
const { GLTFLoader } = await import("three/examples/jsm/loaders/GLTFLoader.js");
const { VRMAnimationLoaderPlugin } = await import("@pixiv/three-vrm-animation");

const [out, ...files] = process.argv.slice(2);
const said = {};
for (const entry of files) {
  const [file, fps, frames] = entry.split(":");
  const loader = new GLTFLoader();
  loader.register((parser) => new VRMAnimationLoaderPlugin(parser));
  const raw = await readFile(file);
  const gltf = await loader.parseAsync(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength), "");
  const joints = {};
  const meshes = [];
  gltf.scene.traverse((node) => {
    if (node.morphTargetDictionary) meshes.push(node);
    joints[node.name] = node;
  });
  const clip = gltf.animations[0];
  const mixer = new THREE.AnimationMixer(gltf.scene);
  const action = mixer.clipAction(clip);
  action.setLoop(THREE.LoopOnce);
  action.clampWhenFinished = true;
  action.play();
  const places = {};
  const morphs = [];
  for (let k = 0; k < Number(frames); k++) {
    mixer.setTime(Math.min(k / Number(fps), clip.duration));
    gltf.scene.updateMatrixWorld(true);
    for (const [name, node] of Object.entries(joints)) {
      const at = new THREE.Vector3().setFromMatrixPosition(node.matrixWorld);
      (places[name] ??= []).push([at.x, at.y, at.z]);
    }
    morphs.push(meshes.map((mesh) =>
      Object.fromEntries(Object.entries(mesh.morphTargetDictionary).map(([n, i]) => [n, mesh.morphTargetInfluences[i]])),
    )[0] ?? {});
  }
  const vrma = gltf.userData.vrmAnimations?.[0];
  const tracks = (map) => Object.fromEntries([...map].map(([name, track]) => [name, [...track.values]]));
  said[basename(file)] = {
    duration: clip.duration,
    places,
    morphs,
    asset: gltf.asset.extras ?? {},
    clip: clip.userData ?? {},
    root: joints.pelvis?.userData ?? {},
    vrma: vrma && {
      rotations: tracks(vrma.humanoidTracks.rotation),
      translations: tracks(vrma.humanoidTracks.translation),
      preset: tracks(vrma.expressionTracks.preset),
      custom: tracks(vrma.expressionTracks.custom),
      hips: vrma.restHipsPosition.toArray(),
    },
  };
}
await writeFile(out, JSON.stringify(said));
