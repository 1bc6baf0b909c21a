using EmoMotion;
using EmoMotion.Unity;
using EmoMotion.Wire;
using UnityEngine;

/// <summary>
/// An empty scene is enough: put this on any object, press play, and a figure of sticks walks and feels. Buttons change
/// what it feels, the text what it does. With a Humanoid beside it use EmoMotion Character alone.
/// </summary>
public sealed class FeelIt : MonoBehaviour
{
    [SerializeField] private EmoMotionConnection connection;

    private readonly Float3[] _at = new Float3[Body.Joints];
    private readonly Quat[] _turned = new Quat[Body.Joints];
    private readonly Transform[] _sticks = new Transform[Body.Joints];
    private EmoMotionCharacter _character;
    private string _prompt = "a person walks forward";

    private void Start()
    {
        // Without an asset the server of this machine is asked.
        if (connection == null) connection = ScriptableObject.CreateInstance<EmoMotionConnection>();
        var holder = new GameObject("Character");
        holder.SetActive(false);
        _character = holder.AddComponent<EmoMotionCharacter>();
        _character.Connection = connection;
        _character.Prompt = _prompt;
        holder.SetActive(true);
        for (var j = 1; j < Body.Joints; j++)
        {
            var stick = GameObject.CreatePrimitive(PrimitiveType.Cube);
            Destroy(stick.GetComponent<Collider>());
            stick.transform.parent = transform;
            _sticks[j] = stick.transform;
        }
    }

    private void LateUpdate()
    {
        if (!_character.HasPose) return;
        _character.Stream.Body.Positions(_character.Pose, _at, _turned);
        for (var j = 1; j < Body.Joints; j++)
        {
            Vector3 from = ToUnity(_at[Body.Parents[j]]), to = ToUnity(_at[j]);
            _sticks[j].position = (from + to) / 2;
            _sticks[j].rotation = Quaternion.FromToRotation(Vector3.up, to - from);
            _sticks[j].localScale = new Vector3(0.05f, (to - from).magnitude, 0.05f);
        }
        var eye = Camera.main;
        if (eye == null) return;
        var hips = ToUnity(_at[0]);
        eye.transform.position = hips + new Vector3(1.5f, 0.8f, 2.5f);
        eye.transform.LookAt(hips);
    }

    private void OnGUI()
    {
        GUILayout.BeginArea(new Rect(10, 10, 220, 480));
        _prompt = GUILayout.TextField(_prompt);
        if (GUILayout.Button("Do it")) _character.Do(_prompt);
        for (var emotion = Emotion.Neutral; emotion <= Emotion.Anticipation; emotion++)
        {
            if (GUILayout.Button(EmotionNames.Name(emotion))) _character.Feel(emotion, 0.9f);
        }
        if (_character.Stream != null)
            GUILayout.Label($"{_character.Stream.State}: {EmotionNames.Name(_character.Pose.Strongest)}");
        GUILayout.EndArea();
    }

    private static Vector3 ToUnity(Float3 p)
    {
        var there = Frame.Unity.Point(p);
        return new Vector3(there.X, there.Y, there.Z);
    }
}
