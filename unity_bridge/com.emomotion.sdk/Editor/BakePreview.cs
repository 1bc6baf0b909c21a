using System;
using UnityEditor;
using UnityEngine;
using Object = UnityEngine.Object;

namespace EmoMotion.Editor
{
    /// <summary>A clip on a copy of the model, in a scene of its own. Drag to look round.</summary>
    internal sealed class BakePreview : IDisposable
    {
        /// <summary>A body of this height fills the picture, metres.</summary>
        private const float Height = 2;

        private readonly PreviewRenderUtility _view = new PreviewRenderUtility();
        private readonly GameObject _copy;
        private readonly Transform _hips;
        private readonly AnimationClip _clip;
        private float _yaw = 150;

        /// <summary>Of a baked clip, which need not be an asset yet.</summary>
        public BakePreview(Animator model, AnimationClip clip)
        {
            _clip = clip;
            _copy = Object.Instantiate(model.gameObject);
            _copy.hideFlags = HideFlags.HideAndDontSave;
            _copy.transform.SetPositionAndRotation(Vector3.zero, Quaternion.identity);
            var animator = _copy.GetComponent<Animator>();
            animator.enabled = false;
            _hips = animator.GetBoneTransform(HumanBodyBones.Hips);
            // Scripts of the character, such as our own, must not wake up in the preview.
            foreach (var script in _copy.GetComponentsInChildren<MonoBehaviour>())
            {
                if (script != null) script.enabled = false;
            }
            var floor = GameObject.CreatePrimitive(PrimitiveType.Plane);
            floor.hideFlags = HideFlags.HideAndDontSave;
            _view.AddSingleGO(floor);
            _view.AddSingleGO(_copy);
            (_view.camera.nearClipPlane, _view.camera.farClipPlane) = (0.1f, 100);
            _view.camera.fieldOfView = 30;
        }

        /// <summary>The picture at a moment.</summary>
        public void Draw(Rect where, float seconds)
        {
            var now = Event.current;
            if (now.type == EventType.MouseDrag && where.Contains(now.mousePosition))
            {
                _yaw += now.delta.x;
                now.Use();
            }
            if (now.type != EventType.Repaint) return;
            _clip.SampleAnimation(_copy, seconds);
            var size = Height * _copy.transform.lossyScale.y;
            var middle = _hips.position;
            middle.y = size / 2;
            var camera = _view.camera.transform;
            camera.position = middle + Quaternion.Euler(10, _yaw, 0) * (Vector3.forward * (-2.2f * size));
            camera.LookAt(middle);
            _view.lights[0].transform.rotation = Quaternion.Euler(40, _yaw + 30, 0);
            _view.BeginPreview(where, GUIStyle.none);
            _view.Render(true);
            GUI.DrawTexture(where, _view.EndPreview());
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            Object.DestroyImmediate(_copy);
            _view.Cleanup();
        }
    }
}
