#if EMOMOTION_NAVMESH
using UnityEngine;
using UnityEngine.AI;
using UnityEngine.Events;

namespace EmoMotion.Unity
{
    /// <summary>
    /// Sends a character to a target over the NavMesh, round what stands in its way, again when the target moves. The
    /// character walks by its own motion; put no NavMeshAgent on it that moves it, too.
    /// </summary>
    [AddComponentMenu("EmoMotion/EmoMotion NavMesh Walk")]
    [RequireComponent(typeof(EmoMotionCharacter))]
    public sealed class EmoMotionNavMeshWalk : MonoBehaviour
    {
        [SerializeField] private Transform target;
        [Tooltip("So near to the target it has arrived, metres.")]
        [Min(0.1f)] [SerializeField] private float nearEnough = 0.7f;
        [Tooltip("Seconds between two looks at where the target is.")]
        [Min(0.1f)] [SerializeField] private float lookEvery = 0.5f;
        [Tooltip("What it does on the way; empty leaves the character's prompt alone.")]
        [SerializeField] private string onTheWay = "a person walks forward";
        [Tooltip("What it does when it has arrived; behind the end of a way it would go straight on.")]
        [SerializeField] private string arrived = "a person stands still";
        [SerializeField] private UnityEvent whenArrived = new UnityEvent();

        private EmoMotionCharacter _character;
        private NavMeshPath _path;
        private Vector3 _goal;
        private float _next;
        private bool _walks;

        /// <summary>Where to; null to leave the character alone.</summary>
        public Transform Target { get => target; set => target = value; }

        /// <summary>Fired when it arrives.</summary>
        public UnityEvent WhenArrived => whenArrived;

        private void OnEnable()
        {
            _character = GetComponent<EmoMotionCharacter>();
            _path = new NavMeshPath();
            (_walks, _next) = (false, 0);
        }

        private void Update()
        {
            if (target == null || !_character.HasPose) return;
            var way = target.position - transform.position;
            way.y = 0;
            if (way.magnitude <= nearEnough)
            {
                if (_walks) Arrive();
                return;
            }
            _next -= Time.deltaTime;
            var moved = (target.position - _goal).magnitude > nearEnough / 2;
            if (_next > 0 || (_walks && !moved)) return;
            _next = lookEvery;
            _goal = target.position;
            var found = NavMesh.CalculatePath(transform.position, _goal, NavMesh.AllAreas, _path)
                && _character.Walk(_path);
            if (!found || _walks) return;
            _walks = true;
            if (onTheWay.Length > 0) _character.Do(onTheWay);
        }

        private void Arrive()
        {
            _walks = false;
            _character.WalkFreely();
            if (arrived.Length > 0) _character.Do(arrived);
            whenArrived.Invoke();
        }
    }
}
#endif
