// What the studio's page takes of three.js; `npm run three` makes sdk/studio/page/vendor/three.min.js of it.
export {
  Bone, BufferAttribute, BufferGeometry, CanvasTexture, CircleGeometry, Color, DirectionalLight, DoubleSide,
  DynamicDrawUsage, Group, HemisphereLight, Mesh, MeshBasicMaterial, MeshStandardMaterial, PCFShadowMap,
  PerspectiveCamera, Plane, PlaneGeometry, Raycaster, RingGeometry, Scene, ShaderMaterial, ShadowMaterial, Skeleton,
  SkinnedMesh, SphereGeometry, Vector2, Vector3, WebGLRenderer,
} from "three";
